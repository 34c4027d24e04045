"""Disagreements with Keras that were looked into and are meant, each with its reason."""

from __future__ import annotations

from keras_answers import Answer, LayerCase, OpCase

LATER = "Keras refuses it only when it runs"
"""Keras builds the graph all the same; the rule says so at once."""


def known_difference(case: LayerCase | OpCase, ours: Answer, theirs: Answer) -> str:
    """The reason, or nothing where a disagreement is a mistake."""
    if ours.error and not theirs.error:
        return _stricter(case, ours)
    if theirs.error:
        if isinstance(case, LayerCase) and all(ours.masks) and "Cannot broadcast shape" in theirs.error:
            return "masks that do not stretch to one another: the rules know no shapes of masks"
        bfloat = "not in list of allowed values: float64, float32, float16, complex" in theirs.error
        return "TensorFlow cannot draw orthogonal weights in bfloat16" if bfloat else ""
    if isinstance(case, OpCase):
        return _functions(case, ours, theirs)
    if case.kind == "MultiHeadAttention" and ours.shapes[1:] != theirs.shapes[1:]:
        return "Keras states the query's length twice for the scores"
    if case.kind == "ReversibleEmbedding" and ours.shapes == theirs.shapes:
        return "Keras puts the mask of `mask_zero` on only when it runs"
    if case.kind == "EinsumDense" and ours.parameters == theirs.parameters:
        return "Keras leaves a null of `output_shape` unknown; the rule takes the input's size"
    if case.kind == "Equalization" and any(theirs.masks):
        return "Keras hands the input on while building, mask and all, but not when it runs"
    return ""


def _stricter(case: LayerCase | OpCase, ours: Answer) -> str:
    if "an axis of a tensor" in ours.error:
        return f"an axis that is not there: {LATER}"
    if "different axes" in ours.error:
        return f"an axis given twice: {LATER}"
    if isinstance(case, OpCase):
        if case.name in ("logdet", "slogdet") and "a matrix" in ours.error:
            return f"no matrix: {LATER}"
        never = case.name in ("repeat", "einsum", "solve", "solve_triangular")
        return f"sizes that never fit: {LATER}" if never else ""
    if case.kind == "Reshape" and 0 in case.arguments["target_shape"]:
        return f"-1 beside 0: {LATER}"
    if case.kind == "EinsumDense" and "axes with the batch" in ours.error:
        return "an equation without `...` for more axes: Keras states another shape than comes out"
    return ""


def _functions(case: OpCase, ours: Answer, theirs: Answer) -> str:
    if case.name.startswith("adaptive_") and len(theirs.shapes[0]) > len(ours.shapes[0]):
        return "Keras states a shape with an axis too many for channels_last"
    if case.name == "repeat" and None in theirs.shapes[0]:
        return "Keras leaves unknown what the list of repeats tells"
    if case.name == "slogdet" and ours.shapes[1:] == theirs.shapes[1:]:
        return "Keras states a scalar sign for a batch of matrices"
    return ""
