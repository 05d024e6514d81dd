internal import TensorIR

// Numbers drawn from a generator while `jit` traces would be the same in every call, so that is an
// error.

extension Tensor where Scalar: TensorFloatingPoint {
  /// Numbers drawn evenly from [low, high) with a generator.
  public static func randomUniform(
    _ shape: [Int], low: Scalar = 0, high: Scalar = 1,
    using generator: inout some RandomNumberGenerator, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    randomUniform(
      shape, low: low, high: high, seed: generator.next(), file: file, line: line)
  }

  /// Numbers drawn from the normal distribution with a generator.
  public static func randomNormal(
    _ shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1,
    using generator: inout some RandomNumberGenerator, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    randomNormal(
      shape, mean: mean, standardDeviation: standardDeviation, seed: generator.next(), file: file,
      line: line)
  }
}

extension Tensor where Scalar: TensorNumeric & FixedWidthInteger {
  /// Whole numbers drawn evenly from a range; equal seeds give equal tensors.
  public static func random(
    _ shape: [Int], in range: Range<Scalar>, seed: UInt64, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    guard !range.isEmpty else {
      return Tensor(failing: "random: there is no number in \(range)", .argument, file, line)
    }
    var generator = SplitMix64(seed: seed)
    return generated(shape, file, line) { Scalar.random(in: range, using: &generator) }
  }

  /// Whole numbers drawn evenly from a range with a generator.
  public static func random(
    _ shape: [Int], in range: Range<Scalar>, using generator: inout some RandomNumberGenerator,
    file: String = #fileID, line: Int = #line
  ) -> Tensor { random(shape, in: range, seed: generator.next(), file: file, line: line) }
}

extension Tensor where Scalar == Bool {
  /// Booleans that are true with a probability; equal seeds give equal tensors.
  public static func randomBernoulli(
    _ shape: [Int], probability: Double, seed: UInt64, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return generated(shape, file, line) { generator.nextUnit() < probability }
  }

  /// Booleans that are true with a probability, drawn with a generator.
  public static func randomBernoulli(
    _ shape: [Int], probability: Double, using generator: inout some RandomNumberGenerator,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    randomBernoulli(
      shape, probability: probability, seed: generator.next(), file: file, line: line)
  }
}
