"""What Keras's signatures do not say: the kinds of value that each argument takes.

A type is written the way the catalog's files hold it: `integer|integers? >=1`, `string {valid,same}`;
`?` allows null. The most specific entry wins: `Kind.argument`, `category:argument`, `argument`, the
argument's ending; then the default speaks, and where it says nothing, anything is accepted: a false alarm
is worse than Keras's own error, which comes later.
"""

from __future__ import annotations

import inspect
from typing import Any

_COUNT = "integer >=1"
_SIZE = "integer|integers >=1"
_NUMBER_OR_PAIR = "number|numbers"
_NUMBER_OR_PAIR_OR_NULL = "number|numbers?"
_DATA_FORMAT = "string? {channels_last,channels_first}"
_INTERPOLATION = "string {nearest,bilinear,bicubic,lanczos3,lanczos5,area}"
_FILL_MODE = "string {constant,nearest,wrap,mirror,reflect}"
_WARPS = (
    "AugMix",
    "RandAugment",
    "RandomElasticTransform",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)
_THRESHOLDS = "number|numbers?"
_OUTPUT_MODE = "string {int,one_hot,multi_hot,count,tf_idf}"

BY_ENDING: dict[str, str] = {
    "_initializer": "initializer?",
    "_regularizer": "regularizer?",
    "_constraint": "constraint?",
    "_activation": "activation?",
    "_quantizer": "quantizer?",
}

BY_NAME: dict[str, str] = {
    "activation": "activation?",
    "activity_regularizer": "regularizer?",
    "adam_lr_ratio": "number",
    "attention_axes": "integer|integers?",
    "autocast": "boolean",
    "axes": "integer|integers",
    "axis": "integer|integers",
    "backup_dir": "string",
    "backward_layer": "layer?",
    "baseline": "number?",
    "bias_axes": "string?",
    "bin_boundaries": "numbers?",
    "boundaries": "numbers",
    "bounding_box_format": "string?",
    "cell": "layer|list",
    "cells": "layer|list",
    "class_aggregation": "string? {uniform_average,variance_weighted_average}",
    "class_id": "integer? >=0",
    "classes": _COUNT,
    "classifier_activation": "activation?",
    "clipnorm": "number?",
    "clipvalue": "number?",
    "cooldown": "integer >=0",
    "cropping": "integer|list",
    "curve": "string {ROC,PR,PRGAIN}",
    "data_format": _DATA_FORMAT,
    "decay_rate": "number",
    "decay_steps": "number",
    "depth_multiplier": _COUNT,
    "dilation_rate": _SIZE,
    "dims": "integers >=1",
    "directory": "string",
    "distribution": "string {normal,truncated_normal,untruncated_normal,uniform}",
    "dropout": "number >=0 <=1",
    "dropout_rate": "number >=0 <=1",
    "dtype": "dtype?",
    "ema_overwrite_frequency": "integer? >=1",
    "embeddings_metadata": "any?",
    "epsilon": "number",
    "equation": "string",
    "exclude_layers": "strings?",
    "factor": _NUMBER_OR_PAIR,
    "fft_length": "integer >=1",
    "filename": "string",
    "filepath": "string",
    "fill_mode": _FILL_MODE,
    "fill_value": "number",
    "filters": _COUNT,
    "first_decay_steps": "number",
    "flash_attention": "boolean?",
    "frame_step": "integer? >=1",
    "gamma": "number",
    "global_clipnorm": "number?",
    "gptq_unpacked_column_size": "integer?",
    "gradient_accumulation_steps": "integer? >=2",
    "groups": _COUNT,
    "head_dim": _COUNT,
    "headers": "mapping?",
    "height": _COUNT,
    "height_factor": _NUMBER_OR_PAIR,
    "idf_weights": "numbers?",  # a text would be the path of a file, read from anywhere
    "ignore_class": "integer?",
    "initial_learning_rate": "number",
    "initial_value_threshold": "number?",
    "inner_optimizer": "optimizer",
    "input_axes": "integer|integers?",
    "input_dim": _COUNT,
    "input_shape": "shape?",
    "interpolation": _INTERPOLATION,
    "k": _COUNT,
    "kernel_size": _SIZE,
    "key_dim": _COUNT,
    "label_smoothing": "number >=0 <=1",
    "label_weights": "numbers?",
    "layer": "layer",
    "layers": "layer|list",
    "learning_rate": "number|schedule",
    "logit_soft_cap": "number?",
    "lora_alpha": "number?",
    "lora_rank": "integer? >=1",
    "loss_scale_factor": "number?",
    "mask_token": "any?",
    "mask_value": "any?",
    "max_freq": "number?",
    "max_number": _COUNT,
    "max_tokens": "integer? >=2",
    "max_to_keep": "integer >=1",
    "max_value": "number?",
    "mean": "number|list?",
    "merge_mode": "string? {sum,mul,concat,ave}",
    "min_delta": "number",
    "monitor": "string",
    "muon_a": "number",
    "n": "integer >=1",
    "name": "string?",
    "ngrams": "integer|integers? >=1",
    "noise_shape": "shape?",
    "num_bins": _COUNT,
    "num_classes": _COUNT,
    "num_heads": _COUNT,
    "num_key_value_heads": _COUNT,
    "num_labels": "integer? >=1",
    "num_mel_bins": _COUNT,
    "num_oov_indices": "integer >=0",
    "num_query_heads": _COUNT,
    "num_regressors": "integer >=0",
    "num_thresholds": "integer >=2",
    "num_tokens": "integer? >=1",
    "offset": "number|numbers",
    "oov_method": "string {floormod,farmhash}",
    "oov_token": "any?",
    "output_axes": "integer|integers?",
    "output_dim": _COUNT,
    "output_dtype": "dtype",
    "output_mode": _OUTPUT_MODE,
    "output_padding": "integer|integers? >=0",
    "output_sequence_length": "integer|shape?",
    "output_shape": "integer|shape",
    "output_size": "integer|shape",
    "padding": "string {valid,same}",
    "patience": "integer >=0",
    "pool_size": _SIZE,
    "pooling": "string? {avg,max}",
    "power_iterations": _COUNT,
    "precision": "number >=0 <=1",
    "quantization_config": "quantizer?",
    "rate": "number >=0 <=1",
    "recall": "number >=0 <=1",
    "recurrent_dropout": "number >=0 <=1",
    "reduction": "string? {sum,sum_over_batch_size,mean,mean_with_sample_weight,none}",
    "renorm_clipping": "mapping?",
    "reverse_dtype": "dtype?",
    "salt": "integer|integers?",
    "sampling_rate": "integer >=1",
    "save_freq": "integer|string {epoch}",
    "scale": "boolean",
    "scaling": "string? {density,spectrum}",
    "schedule": "schedule",
    "score_mode": "string {dot,concat}",
    "seed": "integer?",
    "sensitivity": "number >=0 <=1",
    "sequence_length": "integer? >=1",
    "shared_axes": "integer|integers?",
    "side": "string {real,imag}",
    "sigma": _NUMBER_OR_PAIR,
    "size": _SIZE,
    "sliding_window": "integer? >=1",
    "specificity": "number >=0 <=1",
    "split": "string? {whitespace,character}",
    "standardize": "string? {lower_and_strip_punctuation,lower,strip_punctuation}",
    "stddev": "number",
    "strides": _SIZE,
    "summation_method": "string {interpolation,minoring,majoring}",
    "target_class_ids": "integers",
    "target_shape": "shape",
    "threshold": "number?",
    "thresholds": _THRESHOLDS,
    "tile_grid_size": "integers >=1",
    "top_k": "integer? >=1",
    "trainable": "boolean",
    "units": _COUNT,
    "update_freq": "integer|string {batch,epoch}",
    "use_cudnn": "boolean|string {auto}",
    "value": "number|boolean|list",
    "value_dim": "integer? >=1",
    "value_range": "numbers",
    "values": "numbers",
    "variance": "number|list?",
    "verbose": "integer|boolean|string",
    "vocabulary": "list?",  # likewise
    "vocabulary_dtype": "dtype",
    "warmup_steps": "integer >=0",
    "warmup_target": "number?",
    "weight_decay": "number",
    "weights": "any?",
    "width": _COUNT,
    "width_factor": _NUMBER_OR_PAIR,
    "window": "string|numbers?",
    "x_factor": _NUMBER_OR_PAIR,
    "y_factor": _NUMBER_OR_PAIR,
}

BY_CATEGORY: dict[str, str] = {
    "application:weights": "string?",
    "callback:mode": "string {auto,min,max}",
    "constraint:max_value": "number",
    "constraint:rate": "number",
    "loss:alpha": "number|numbers",
    "loss:axis": "integer|integers?",
    "metric:average": "string? {micro,macro,weighted}",
    "metric:thresholds": _THRESHOLDS,
    "quantizer:axis": "integer|integers?",
    "quantizer:value_range": "numbers",
    "regularizer:factor": "number",
    "callback:factor": "number",
}

BY_KIND: dict[str, str] = {
    "AUC.thresholds": "numbers?",
    "Activation.activation": "activation",
    "AugMix.factor": "number|numbers",
    "BinaryFocalCrossentropy.alpha": "number",
    "CategoryEncoding.output_mode": "string {one_hot,multi_hot,count}",
    "Conv1D.padding": "string {valid,same,causal}",
    "Discretization.output_mode": "string {int,one_hot,multi_hot,count}",
    "Discretization.epsilon": "number",
    "Equalization.bins": _COUNT,
    "FBetaScore.beta": "number",
    "GroupNormalization.groups": "integer >=-1",
    "HashedCrossing.output_mode": "string {int,one_hot}",
    "Hashing.output_mode": "string {int,one_hot,multi_hot,count}",
    "Int4QuantizationConfig.activation_quantizer": "quantizer|string? {default}",
    "Int4QuantizationConfig.block_size": "integer?",
    "Int8QuantizationConfig.activation_quantizer": "quantizer|string? {default}",
    "IntegerLookup.vocabulary_dtype": "string {int64}",
    "IntegerLookup.mask_token": "integer?",
    "IntegerLookup.oov_token": "integer?",
    "Masking.mask_value": "number",
    "MaxNumBoundingBoxes.fill_value": "number",
    "MelSpectrogram.ref_power": "any",
    "OrthogonalRegularizer.mode": "string {rows,columns}",
    "RandAugment.factor": "number|numbers",
    "RandomColorJitter.brightness_factor": _NUMBER_OR_PAIR_OR_NULL,
    "RandomColorJitter.contrast_factor": _NUMBER_OR_PAIR_OR_NULL,
    "RandomColorJitter.hue_factor": _NUMBER_OR_PAIR_OR_NULL,
    "RandomColorJitter.saturation_factor": _NUMBER_OR_PAIR_OR_NULL,
    "RandomElasticTransform.scale": _NUMBER_OR_PAIR,
    "ReLU.threshold": "number >=0",
    "RandomErasing.fill_value": "number|numbers?",
    "RandomErasing.scale": "number|numbers",
    "RandomFlip.mode": "string {horizontal,vertical,horizontal_and_vertical}",
    "RandomGaussianBlur.kernel_size": _SIZE,
    "RandomGrayscale.factor": "number >=0 <=1",
    "RandomPerspective.scale": "number >=0 <=1",
    **{f"{kind}.interpolation": "string {nearest,bilinear}" for kind in _WARPS},
    **{f"{kind}.fill_mode": "string {reflect,wrap,constant,nearest}" for kind in _WARPS[-4:]},
    "Rescaling.scale": "number|numbers",
    "STFTSpectrogram.mode": "string {log,magnitude,psd,real,imag,angle,stft}",
    "Solarization.addition_factor": _NUMBER_OR_PAIR,
    "Solarization.threshold_factor": _NUMBER_OR_PAIR,
    "StringLookup.mask_token": "string?",
    "StringLookup.oov_token": "string?",
    "TensorBoard.profile_batch": "integer|integers|string",
    "TextVectorization.output_mode": "string {int,multi_hot,count,tf_idf}",
    "Dice.axis": "integer|integers?",
    "VarianceScaling.mode": "string {fan_in,fan_out,fan_avg}",
    "VarianceScaling.scale": "number",
    "ZeroPadding1D.padding": "integer|list",
    "ZeroPadding2D.padding": "integer|list",
    "ZeroPadding3D.padding": "integer|list",
}

BY_OPERAND: dict[str, str] = {
    "axis": "integer|integers?",
    "axes": "integer|integers?",
    "dtype": "dtype?",
    "shape": "integer|list",
    "newshape": "integer|list",
    "seed": "integer?",
    "data_format": _DATA_FORMAT,
    "padding": "any",
}
"""The arguments of ops that are checked; tensors are in `catalog_calls`, the rest takes anything."""


def type_of(category: str, kind: str, parameter: inspect.Parameter) -> str:
    """The written type of one constructor argument."""
    name = parameter.name
    found = BY_KIND.get(f"{kind}.{name}") or BY_CATEGORY.get(f"{category}:{name}") or BY_NAME.get(name)
    if found is None:
        found = next((t for ending, t in BY_ENDING.items() if name.endswith(ending)), None)
    if found is None:
        found = _by_default(parameter.default)
    return nullable(found) if parameter.default is None else found


def nullable(written: str) -> str:
    """The same type with null allowed."""
    types, space, rest = written.partition(" ")
    return written if types.endswith("?") else f"{types}?{space}{rest}"


def _by_default(default: Any) -> str:
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, int):
        return "integer"
    if isinstance(default, float):
        return "number"
    if isinstance(default, str):
        return "string"
    return "any"
