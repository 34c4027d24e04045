"""Pictures of models, without Graphviz and without TensorFlow.

`fold.draw_model` makes the picture of a model (boxes, frames, links). `sheet.draw_sheet` gives everything in
several pictures a place, and `svg.to_svg` and `png.save_png` write that down; `text.to_dot` and
`text.to_mermaid` leave the places to others.
"""
