internal import Foundation

extension Tensor {
  /// A tensor whose every element is `scalar`; a shape with no size makes a failed tensor.
  public static func full(
    _ shape: [Int], _ scalar: Scalar, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return Tensor(TensorNode.scalar(scalar, isLiteral: true).broadcast(to: shape, at: location))
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// A tensor of zeros.
  public static func zeros(
    _ shape: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    full(shape, 0, file: file, line: line)
  }

  /// A tensor of ones.
  public static func ones(
    _ shape: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    full(shape, 1, file: file, line: line)
  }

  /// The vector 0, 1, …, count − 1.
  public static func iota(
    _ count: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    iota([count], axis: 0, file: file, line: line)
  }

  /// The index along `axis` at every place of a tensor of `shape`.
  public static func iota(
    _ shape: [Int], axis: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let type = TensorType(shape, Scalar.elementType)
    let node = TensorNode.capturing(Scalar.elementType) {
      try type.requireSize(at: location)
      let axis = try type.axis(axis, in: "iota", at: location)
      return TensorNode.apply(.iota(type, dimension: axis), [], at: location)
    }
    return Tensor(node)
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The square matrix with ones on its diagonal and zeros elsewhere.
  public static func identity(
    _ extent: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let rows = Tensor<Int32>.iota([extent, extent], axis: 0)
      return Tensor(rows .== Tensor<Int32>.iota([extent, extent], axis: 1))
    }
  }

  /// The whole numbers of a range as a vector: `Tensor<Float>(0..<10)`.
  public init(_ range: Range<Int>, file: String = #fileID, line: Int = #line) {
    self = located(file, line) {
      let (count, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
      guard !overflow else { return Tensor(failing: "\(range) has no size", .shape, file, line) }
      let numbers = Tensor<Int>.iota(count) + Tensor<Int>(range.lowerBound)
      return Tensor(numbers)
    }
  }

  /// The whole numbers of a range as a vector: `Tensor<Float>(1...5)`.
  public init(_ range: ClosedRange<Int>, file: String = #fileID, line: Int = #line) {
    self = located(file, line) {
      guard range.upperBound < .max else {
        return Tensor(failing: "\(range) has no size", .shape, file, line)
      }
      return Tensor(range.lowerBound..<(range.upperBound + 1))
    }
  }
}

extension Tensor where Scalar: TensorNumeric & Strideable {
  /// The numbers of a stride as a vector: `Tensor(stride(from: 0, to: 1, by: 0.25))`.
  public init(_ stride: StrideTo<Scalar>) { self.init(Array(stride)) }

  /// The numbers of a stride as a vector, its end included where it is met.
  public init(_ stride: StrideThrough<Scalar>) { self.init(Array(stride)) }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// `count` numbers from `start` to `end`, both included, at equal distances; a single one is `start`.
  public static func linspace(
    from start: Scalar, to end: Scalar, count: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    guard count >= 0 else {
      return Tensor(
        failing: "linspace needs a count that is not negative, not \(count)", .argument, file, line)
    }
    let step = count > 1 ? (end - start) / Scalar(count - 1) : 0
    return Tensor(
      (0..<count).map { $0 > 0 && $0 == count - 1 ? end : start + Scalar($0) * step })
  }

  /// Numbers drawn evenly from [low, high); equal seeds give equal tensors.
  public static func randomUniform(
    _ shape: [Int], low: Scalar = 0, high: Scalar = 1, seed: UInt64, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return generated(shape, file, line) { low + (high - low) * Scalar(generator.nextUnit()) }
  }

  /// Numbers drawn from the normal distribution; equal seeds give equal tensors.
  public static func randomNormal(
    _ shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, seed: UInt64,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return generated(shape, file, line) {
      mean + standardDeviation * Scalar(generator.nextNormal())
    }
  }
}

extension Tensor {
  /// A concrete tensor of `next()`, called in row-major order.
  static func generated(
    _ shape: [Int], _ file: String, _ line: Int, next: () -> Scalar
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let type = TensorType(shape, Scalar.elementType)
    let node = TensorNode.capturing(Scalar.elementType) {
      guard !Trace.isCompiling else {
        throw AdjointError(
          .unsupported,
          "random numbers drawn while jit traces would be the same in every call;"
            + " draw them outside and pass them as an argument", at: location)
      }
      try type.requireSize(at: location)
      return try TensorNode(type) { target in
        for index in 0..<type.count {
          target.storeBytes(
            of: next(), toByteOffset: index * MemoryLayout<Scalar>.size, as: Scalar.self)
        }
      }
    }
    return Tensor(node)
  }
}

/// The SplitMix64 generator (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
/// OOPSLA 2014): one addition and a mix per number, any seed is good.
package struct SplitMix64: RandomNumberGenerator {
  /// What the next number is mixed from.
  private var state: UInt64

  /// Starts the sequence of a seed.
  package init(seed: UInt64) { state = seed }

  /// 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from [0, 1) that a `Float` holds exactly, so rounding never gives 1.
  mutating func nextUnit() -> Double { Double(next() >> 40) * 0x1p-24 }

  /// A normally distributed number (Box and Muller, 1958).
  mutating func nextNormal() -> Double {
    let radius = (Double(next() >> 11) + 0.5) * 0x1p-53
    let angle = Double(next() >> 11) * 0x1p-53
    return (-2 * Foundation.log(radius)).squareRoot() * Foundation.cos(2 * .pi * angle)
  }
}
