internal import TensorIR

/// The state of a random number generator as a value: equal keys give equal numbers, and new numbers
/// come from new keys, which `split` makes.
///
/// Keys are tensors, so numbers may be drawn inside `jit`, transforms and `vmap`. They and their bits
/// are those of JAX: Threefry with two words and twenty rounds (Salmon and others, Parallel Random
/// Numbers: As Easy as 1, 2, 3, SC 2011).
///
///     let step = jit { (key: RandomKey, x: Tensor<Float>) in
///       let keys = key.split()
///       return (keys[0], x + 0.1 * keys[1].normal(x.shape))
///     }
public struct RandomKey: TensorTree {
  /// Two words; with an axis of keys before them where there are many keys.
  public var bits: Tensor<UInt32>

  /// Creates the key of a seed.
  public init(seed: UInt64) {
    bits = Tensor([UInt32(truncatingIfNeeded: seed >> 32), UInt32(truncatingIfNeeded: seed)])
  }

  /// Creates a key from its two words.
  public init(bits: Tensor<UInt32>) { self.bits = bits }

  /// Visits the words.
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&bits)
  }

  /// Keys that are independent of each other and of this one, which is not to be used any more.
  public func split(
    count: Int = 2, file: String = #fileID, line: Int = #line
  ) -> [RandomKey] {
    located(file, line) { many(count).bits.unstacked().map { RandomKey(bits: $0) } }
  }

  /// As many keys as a function of many examples needs, in one value: `vmap(f)(key.many(10))`.
  public func many(_ count: Int, file: String = #fileID, line: Int = #line) -> RandomKey {
    located(file, line) {
      let (high, low) = words([count])
      return RandomKey(bits: stacked([high, low], axis: -1))
    }
  }

  /// A key made of this one and a number, such as that of a step.
  public func folding(
    _ number: Tensor<UInt32>, file: String = #fileID, line: Int = #line
  ) -> RandomKey {
    located(file, line) {
      let zero = Tensor<UInt32>.zeros([1])
      let (high, low) = hash(zero, Tensor<UInt32>(zero + number))
      return RandomKey(bits: concatenated([high, low]))
    }
  }

  // MARK: - Numbers

  /// 32 random bits at every place.
  public func bits(
    _ shape: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor<UInt32> {
    located(file, line) {
      let (high, low) = words(shape)
      return high ^ low
    }
  }

  /// Numbers drawn evenly from [0, 1).
  public func uniform<Scalar: TensorFloatingPoint>(
    _ shape: [Int], of scalar: Scalar.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) {
      if Scalar.elementType == .f64 {
        let (high, low) = words(shape)
        let joined = (Tensor<UInt64>(high) * .literal(1 << 32)) | Tensor<UInt64>(low)
        return Tensor<Scalar>(joined / .literal(1 << 12)) * .literal(Scalar(0x1p-52))
      }
      return Tensor<Scalar>(Tensor<Float>(bits(shape) / .literal(1 << 9)) * .literal(0x1p-23))
    }
  }

  /// Numbers drawn evenly from [low, high), where the bounds broadcast to the shape.
  public func uniform<Scalar: TensorFloatingPoint>(
    _ shape: [Int], low: Tensor<Scalar>, high: Tensor<Scalar>, file: String = #fileID,
    line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) {
      max(low, uniform(shape, of: Scalar.self) * (high - low) + low)
    }
  }

  /// Numbers drawn from the standard normal distribution.
  public func normal<Scalar: TensorFloatingPoint>(
    _ shape: [Int], of scalar: Scalar.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) {
      let low = Tensor<Scalar>.literal(Scalar(-1).nextUp)
      return .literal(Scalar(2).squareRoot()) * erfInverse(uniform(shape, low: low, high: 1))
    }
  }

  /// Numbers drawn from the part of the standard normal distribution between two bounds.
  public func truncatedNormal<Scalar: TensorFloatingPoint>(
    _ shape: [Int], low: Scalar, high: Scalar, file: String = #fileID, line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) {
      let root = Tensor<Scalar>.literal(Scalar(2).squareRoot())
      let (below, above) = (erf(Tensor(low) / root), erf(Tensor(high) / root))
      let numbers = root * erfInverse(uniform(shape, low: below, high: above))
      return numbers.clamped(from: low.nextUp, to: high.nextDown)
    }
  }

  /// Numbers drawn from the exponential distribution of rate one.
  public func exponential<Scalar: TensorFloatingPoint>(
    _ shape: [Int], of scalar: Scalar.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) { -log1p(-uniform(shape, of: scalar)) }
  }

  /// Booleans that are true with a probability.
  public func bernoulli(
    _ shape: [Int], probability: Tensor<Float> = 0.5, file: String = #fileID, line: Int = #line
  ) -> Tensor<Bool> {
    located(file, line) { uniform(shape) .< probability }
  }

  /// Whole numbers drawn evenly from a range.
  public func integers(
    _ shape: [Int], in range: Range<Int32>, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) {
      guard !range.isEmpty else {
        return Tensor(failing: "integers: there is no number in \(range)", .argument, file, line)
      }
      let span = UInt32(bitPattern: range.upperBound &- range.lowerBound)
      let half = (UInt32(1) << 16) % span
      let keys = split()
      let (high, low) = (keys[0].bits(shape), keys[1].bits(shape))
      let extent = Tensor<UInt32>.literal(span)
      let offset = (high % extent) * .literal((half &* half) % span) + low % extent
      return .literal(range.lowerBound) + Tensor<Int32>(offset % extent)
    }
  }

  /// Classes drawn with the probabilities of the softmax of `logits` along the last axis, one for each
  /// row (by the greatest of logits and Gumbel noise).
  public func categorical<Scalar: TensorFloatingPoint>(
    logits: Tensor<Scalar>, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) {
      let least = Tensor<Scalar>.literal(.leastNormalMagnitude)
      let uniform = uniform(logits.shape, low: least, high: 1)
      return (logits - log(-log(uniform))).argmax()
    }
  }

  /// The numbers from 0 to `count` − 1 in random order.
  public func permutation(
    _ count: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) {
      guard count > 1 else { return .iota(Swift.max(0, count)) }
      // Words that occur twice keep an order; repeated sorting makes that unlikely.
      var (order, key) = (Tensor<Int32>.iota(count), self)
      var power = count
      while power > 1 {
        let keys = key.split()
        order = order.gathering(keys[1].bits([count]).argsorted())
        key = keys[0]
        power = power >> 10
      }
      return order
    }
  }

  // MARK: - Threefry

  /// Two words for each place of a shape: those of its index.
  private func words(_ shape: [Int]) -> (high: Tensor<UInt32>, low: Tensor<UInt32>) {
    let count = shape.checkedCount ?? -1
    guard count >= 0, count <= Int(UInt32.max) else {
      let error = AdjointError(.shape, "shape \(shape) takes too many random numbers")
      let failed = Tensor<UInt32>(.failed(error, .u32))
      return (failed, failed)
    }
    let places = Tensor<UInt32>.iota(count).reshaped(to: shape)
    return hash(Tensor<UInt32>.zeros(shape), places)
  }

  /// The hash of two words at every place.
  private func hash(
    _ first: Tensor<UInt32>, _ second: Tensor<UInt32>
  ) -> (high: Tensor<UInt32>, low: Tensor<UInt32>) {
    let keys = [bits[0], bits[1], bits[0] ^ bits[1] ^ .literal(0x1BD1_1BDA)]
    let rotations: [[UInt32]] = [[13, 15, 26, 6], [17, 29, 16, 24]]
    var (x, y) = (first + keys[0], second + keys[1])
    for round in 0..<5 {
      for distance in rotations[round % 2] {
        x += y
        y = x ^ rotated(y, by: distance)
      }
      x += keys[(round + 1) % 3]
      y += keys[(round + 2) % 3] + .literal(UInt32(round + 1))
    }
    return (x, y)
  }

  /// Words with their bits moved to the left, where those that leave come in at the right.
  private func rotated(_ words: Tensor<UInt32>, by distance: UInt32) -> Tensor<UInt32> {
    let left = TensorNode.scalar(distance, isLiteral: true)
    let right = TensorNode.scalar(32 - distance, isLiteral: true)
    return Tensor(words.node.binary(.shiftLeft, left, at: .unknown))
      | Tensor(words.node.binary(.shiftRightLogical, right, at: .unknown))
  }
}
