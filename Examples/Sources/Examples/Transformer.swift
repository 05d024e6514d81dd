import Adjoint

/// One layer of a transformer (Vaswani et al., 2017) over sequences of digits.
struct Transformer: TensorVector {
  /// A vector for each digit, and one for each place.
  var digits: Tensor<Double>, places: Tensor<Double>
  /// From a place's vector to its query, key and value, and back from the heads.
  var queries: Dense, keys: Dense, values: Dense, heads: Dense
  /// The network that works on each place, and the scores of the digits.
  var wide: Dense, narrow: Dense, scores: Dense

  /// The width of a place's vector, and how many heads share it.
  static let (width, headCount) = (32, 4)

  init(length: Int, key: RandomKey) {
    let width = Self.width
    let seeds = key.split(count: 9)
    digits = seeds[0].normal([10, width], of: Double.self) * 0.5
    places = seeds[1].normal([length, width], of: Double.self) * 0.5
    queries = Dense(from: width, to: width, key: seeds[2])
    keys = Dense(from: width, to: width, key: seeds[3])
    values = Dense(from: width, to: width, key: seeds[4])
    heads = Dense(from: width, to: width, key: seeds[5])
    wide = Dense(from: width, to: 2 * width, key: seeds[6])
    narrow = Dense(from: 2 * width, to: width, key: seeds[7])
    scores = Dense(from: width, to: 10, key: seeds[8])
  }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&digits)
    try visitor.visit(&places)
    try visitor.visit(&queries)
    try visitor.visit(&keys)
    try visitor.visit(&values)
    try visitor.visit(&heads)
    try visitor.visit(&wide)
    try visitor.visit(&narrow)
    try visitor.visit(&scores)
  }

  /// Scores of the ten digits for each place of each sequence.
  func callAsFunction(_ sequences: Tensor<Int32>) -> Tensor<Double> {
    var x = digits.gathering(sequences) + places
    x = x + heads(attention(normalized(x)))
    x = x + narrow(gelu(wide(normalized(x))))
    return scores(normalized(x))
  }

  /// What each place takes from the others; axes are b, sequence, q or k, place, h, head.
  private func attention(_ x: Tensor<Double>) -> Tensor<Double> {
    let (count, length) = (x.shape[0], x.shape[1])
    let split = [count, length, Self.headCount, Self.width / Self.headCount]
    let (q, k, v) = (
      queries(x).reshaped(to: split), keys(x).reshaped(to: split), values(x).reshaped(to: split)
    )
    let scale = 1 / Double(Self.width / Self.headCount).squareRoot()
    let weights = (einsum("bqhd,bkhd->bhqk", q, k) * scale).softmax()
    return einsum("bhqk,bkhd->bqhd", weights, v).reshaped(to: x.shape)
  }

  /// Each place's vector with mean zero and variance one.
  private func normalized(_ x: Tensor<Double>) -> Tensor<Double> {
    let centred = x - x.mean(axis: -1, keepingDims: true)
    return centred * rsqrt(square(centred).mean(axis: -1, keepingDims: true) + 1e-5)
  }
}

/// A transformer learns to turn sequences of eight digits around.
///
/// The sequences are random and made inside the compiled step, from a key that each step splits.
func transformer() throws {
  let length = 8
  let keys = RandomKey(seed: 3).split()
  var training = Training(Transformer(length: length, key: keys[0]))
  var key = keys[1]

  let step = jitInPlace { (training: inout Training<Transformer>, key: RandomKey) in
    let keys = key.split()
    let sequences = keys[0].integers([32, length], in: 0..<10)
    let loss = try training.step(rate: 0.003) { model in
      softmaxCrossEntropy(logits: model(sequences), classes: sequences.reversed([1])).mean()
    }
    return (loss, keys[1])
  }
  for round in 1...200 {
    let loss: Tensor<Double>
    (loss, key) = try step(&training, key)
    if round % 50 == 0 { print("step \(round): loss \(try loss.item().fixed(3))") }
  }

  let model = training.model
  let sequence: Tensor<Int32> = [[3, 1, 4, 1, 5, 9, 2, 6]]
  let answer = jit { (sequence: Tensor<Int32>) in model(sequence).argmax(axis: -1) }
  print(try sequence[0].scalars(), "→", try answer(sequence)[0].scalars())
}
