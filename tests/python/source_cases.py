"""Specs that use what the language has, one after another, each small."""

CASES: dict[str, str] = {
    "branches": """
model:
  inputs: {image: [8, 8, 3]}
  layers:
    - Conv2D: {filters: 4, kernel_size: [3, 3], padding: same}
    - branches:
        - [GlobalAveragePooling2D]
        - [GlobalMaxPooling2D, {Dense: 4}]
        - - branches: [[Flatten, {Dense: 2}], [Flatten, {Dense: 3}]]
            merge: Concatenate
      merge: {Concatenate: {axis: -1}}
      name: joined
    - branches: [[{Dense: 3}], []]
      outputs: [a, b]
    - Concatenate:
      from: [b, a]
""",
    "residuals": """
params: {width: {default: 8, help: numbers per place}, wide: true}
blocks:
  unit:
    params: {width: {type: integer}, pool: false}
    layers:
      - residual:
          - Dense: {units: $width, activation: relu, kernel_regularizer: {L2: 1e-4}}
          - residual: [{Dense: $width}]
            merge: Multiply
        shortcut:
          - Dense: {units: $width, kernel_initializer: he_normal}
        name: sum
      - MaxPooling1D: 2
        when: $pool
      - LeakyReLU: 0.1
        when: $(not pool)
model:
  inputs: {x: [8, 4]}
  layers:
    - unit: {width: $width, pool: true}
    - unit: $width
      name: second
    - GlobalAveragePooling1D:
      when: $wide
    - Flatten:
      when: $(not wide)
    - Dense: {units: 2, activation: {LeakyReLU: 0.2}}
""",
    "loops": """
params:
  sizes: [4, 3]
  stages:
    - {id: a, units: 6, act: relu}
    - {id: b, units: 5, act: tanh}
let:
  table: {4: 7, 3: 8}
model:
  inputs: {x: [6], y: [6]}
  layers:
    - repeat: {stage: $stages}
      from: x
      layers:
        - Dense: {units: $stage.units, activation: $stage.act}
          name: skip_$(stage.id)
        - BatchNormalization
    - repeat: {size: $sizes}
      layers:
        - Dense: "$(table[size])"
          name: skip$(size)
    - repeat: 2
      layers:
        - repeat: {i: [1]}
          layers:
            - Dense: $(i + 2)
    - Concatenate:
      from: "$(['skip_' + s.id for s in stages] + ['skip4', 'previous'])"
    - formula: previous[:, :2] + skip$(2 + 1)[:, :2]
    - Concatenate:
      from: [skip_b, previous, y]
""",
    "rounds": """
model:
  inputs: {image: [8], label: [2]}
  layers:
    - repeat: {level: 3}
      layers:
        - Dense: $(4 + level)
          from: $('image' if level == 0 else 'previous')
        - BatchNormalization:
          when: $(level < 2)
        - LayerNormalization:
          when: $(not level < 2)
    - Concatenate:
      from: [label, previous]
""",
    "models": """
models:
  encoder:
    inputs: {text: {shape: [null], dtype: int32}}
    layers:
      - Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}
      - LSTM: {units: 3, return_sequences: true, return_state: true}
        outputs: [memory, h, c]
    outputs: [memory, h, c]
  scorer:
    inputs: {memory: [null, 3], h: [3]}
    layers:
      - LSTM: 3
        from: {sequences: memory, initial_state: [h, h]}
      - Dense: 2
  model:
    inputs: {left: {shape: [null], dtype: int32}, right: {shape: [null], dtype: int32}}
    layers:
      - encoder:
        from: left
        name: one
      - encoder:
        from: right
        outputs: [m, h, c]
        trainable: false
      - scorer:
        from: [one.memory, h]
        name: score
      - formula: score - one.c[:, :2] * h[:, 1:]
        name: difference
    outputs: {score: score, away: difference}
""",
    "weights": """
blocks:
  bias:
    params: {count: {type: integer}}
    weights: {table: {shape: [$count, 3], initializer: {RandomNormal: {stddev: 0.5}}}}
    layers:
      - formula: input + table[0] * 2
model:
  inputs: {x: [3], n: {shape: [], dtype: int32}}
  weights:
    scale: {shape: [3], initializer: ones, trainable: false}
    one: {shape: []}
  layers:
    - formula: x * scale + one
    - bias: 2
    - bias: {count: 4}
      name: again
    - formula: again + cast(n, 'float32')[:, None]
""",
    "formulas": """
params: {k: 2, offsets: [1, 2, 3]}
model:
  inputs: {x: [4, 3], i: {shape: [4], dtype: int32}, b: {shape: [4], dtype: bool}}
  layers:
    - formula: x[:, ::-1] - [1, 2, 3]
    - formula: previous[..., None] * $offsets
    - formula: -mean(previous, axis=[2, 3]) / $k + 3 ** (1 / 2)
      name: flat
    - formula: cast((i + 1 > 0) & ~b | (i == 2), 'float32') * $(k ** 2)
      name: mask
    - formula: cast(i % 3 & 1, 'float32') + cast(i << 1, 'float32')
      name: bits
    - formula: arange(4) / 4 - [0, 1, 0, 1]
      name: ramp
    - formula: flat * mask + bits - abs(ramp) * exp(-ramp)
    - formula: einsum('bt,btc->bc', previous, x) @ [[1.0], [2.0], [$(k + 0.5)]]
    - Dense: 1
""",
    "reuse": """
model:
  inputs: {a: [5], b: [5]}
  layers:
    - Dense: 4
      from: a
      name: shared
      trainable: false
    - reuse: shared
      from: b
    - Subtract:
      from: [shared, previous]
    - Bidirectional: {layer: {GRU: 2}}
      from: wide
      when: false
    - Reshape: [2, 2]
    - TimeDistributed: {layer: {Dense: {units: 3, use_bias: false}}}
      trainable: false
    - MultiHeadAttention: {num_heads: 1, key_dim: 2}
      from: {query: previous, value: previous}
      call: {use_causal_mask: true}
    - Flatten:
      name: end
  outputs: {first: end, raw: shared}
""",
    "inputs": """
params: {kinds: [job, town], size: 3}
model:
  inputs:
    numbers: ["$size"]
    $kinds: {shape: [], dtype: int32}
  layers:
    - repeat: {kind: $kinds}
      layers:
        - Embedding: {input_dim: 4, output_dim: 2}
          from: $kind
          name: e_$kind
    - Concatenate:
      from: "$(['numbers'] + ['e_' + kind for kind in kinds])"
    - Dense: 1
      name: price
""",
    "frozen": """
blocks:
  part:
    params: {units: 3}
    layers:
      - Dense: $units
      - BatchNormalization
model:
  inputs: {lambda: [4], x: [4]}
  layers:
    - part: 4
      from: lambda
      trainable: false
    - part
    - Add:
      from: [lambda, x]
    - Concatenate:
      from: [previous, x]
  trainable: false
""",
    "application": """
models:
  base: {application: MobileNetV2, weights: null, include_top: false, input_shape: [32, 32, 3], alpha: 0.35,
         outputs: {early: block_1_project, late: out_relu}, trainable: false}
  model:
    inputs: {image: [32, 32, 3]}
    layers:
      - base:
        name: seen
        call: {training: false}
      - GlobalAveragePooling2D:
        from: seen.late
      - Dense: 2
""",
}
"""Bodies of specs by name; the version is put before each."""
