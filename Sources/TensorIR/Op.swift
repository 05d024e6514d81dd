/// What an operation computes: a closed enum of families whose payload is the op's attributes.
///
/// Every rule of the compiler is a `switch` over this enum without `default`, in a file named
/// `<Family>+<Rule>.swift`, so a new op does not compile until each rule has an answer for it.
package enum Op: Hashable, Sendable {
  /// A constant tensor.
  indirect case constant(Literal)
  /// The index along one axis at every place.
  indirect case iota(TensorType, dimension: Int)
  /// One function of one operand, element by element.
  case unary(UnaryOp)
  /// One function of two operands of equal type, element by element.
  case binary(BinaryOp)
  /// A comparison of two operands of equal type, element by element, giving booleans.
  case compare(Comparison)
  /// (predicate, onTrue, onFalse): a choice element by element; the predicate may be a scalar.
  case select
  /// (min, operand, max): the operand held between bounds, which may be scalars.
  case clamp
  /// The operand's elements in another element type.
  case convert(to: ElementType)
  /// A function of the bits of elements.
  indirect case bits(BitsOp)
  /// A passage between complex numbers and their parts, or from one complex number to another.
  case complex(ComplexOp)
  /// A discrete Fourier transform along the last axes.
  indirect case fft(FourierTransform)
  /// A rearrangement of elements.
  indirect case shape(ShapeOp)
  /// (operand, initial): a reduction along axes.
  indirect case reduce(Reduction)
  /// (left, right): a product summed over contracted axes.
  indirect case dot(DotDimensions)
  /// (input, kernel): products summed over the taps of windows and over features.
  indirect case convolution(Convolution)
  /// An op over windows of a tensor.
  indirect case window(WindowOp)
  /// (operand, startIndices): slices collected at computed places.
  indirect case gather(GatherDimensions)
  /// (operand, scatterIndices, updates): slices combined into computed places.
  indirect case scatter(ScatterDimensions)
  /// (operand, starts…): the slice of these sizes at computed starts, one per axis, which are clamped
  /// so that it stays inside.
  case dynamicSlice(sizes: [Int])
  /// (operand, update, starts…): the operand with the update put at computed starts, clamped likewise.
  case dynamicUpdateSlice
  /// A decomposition or a solution of equations, of matrices in the last two axes.
  indirect case matrix(MatrixOp)
  /// (keys…): the indices along the last axis in the order of keys.
  case order(Ordering)
  /// A call of a function outside of the program.
  indirect case foreign(ForeignCall)
  /// Any operands, given back unchanged: a wall that no rewriting looks through.
  case optimizationBarrier
  /// A body repeated while a condition holds.
  indirect case whileLoop(While)
  /// One of several regions.
  indirect case branch(Branch)
  /// A body run over the slices of stacked tensors.
  indirect case scan(Scan)
  /// A function whose derivative the program states.
  indirect case custom(CustomDerivative)
  /// A call of another function of the module, by name.
  indirect case call(Callee)
}

/// Elementwise functions of one operand; the raw value is the mnemonic.
package enum UnaryOp: String, Hashable, Sendable, CaseIterable {
  case abs = "stablehlo.abs"
  case negate = "stablehlo.negate"
  case sign = "stablehlo.sign"
  case exponential = "stablehlo.exponential"
  case exponentialMinusOne = "stablehlo.exponential_minus_one"
  case log = "stablehlo.log"
  case logPlusOne = "stablehlo.log_plus_one"
  case logistic = "stablehlo.logistic"
  case tanh = "stablehlo.tanh"
  case sine = "stablehlo.sine"
  case cosine = "stablehlo.cosine"
  case sqrt = "stablehlo.sqrt"
  case rsqrt = "stablehlo.rsqrt"
  case floor = "stablehlo.floor"
  case ceil = "stablehlo.ceil"
  case roundEven = "stablehlo.round_nearest_even"
  case roundAway = "stablehlo.round_nearest_afz"
  case cubeRoot = "stablehlo.cbrt"
  case tangent = "stablehlo.tan"
  case isFinite = "stablehlo.is_finite"
  case not = "stablehlo.not"
  case populationCount = "stablehlo.popcnt"
  case leadingZeros = "stablehlo.count_leading_zeros"
  case erf = "chlo.erf"
  case erfc = "chlo.erfc"
  case erfInverse = "chlo.erf_inv"
  case square = "chlo.square"
  case stopGradient = "adjoint.stop_gradient"
  case sinh = "chlo.sinh"
  case cosh = "chlo.cosh"
  case asin = "chlo.asin"
  case acos = "chlo.acos"
  case atan = "chlo.atan"
  case asinh = "chlo.asinh"
  case acosh = "chlo.acosh"
  case atanh = "chlo.atanh"
  case logGamma = "chlo.lgamma"
  case digamma = "chlo.digamma"
  case isInfinite = "chlo.is_inf"
  case isPositiveInfinite = "chlo.is_pos_inf"
  case isNegativeInfinite = "chlo.is_neg_inf"

  /// Whether the function takes dozens of instructions.
  package var isTranscendental: Bool {
    switch self {
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .erf, .erfc, .erfInverse, .cubeRoot, .tangent, .sinh, .cosh, .asin, .acos, .atan, .asinh,
      .acosh, .atanh, .logGamma, .digamma:
      true
    case .abs, .negate, .sign, .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .isFinite,
      .isInfinite, .isPositiveInfinite, .isNegativeInfinite, .not, .square, .stopGradient,
      .populationCount, .leadingZeros:
      false
    }
  }

  /// Whether the function tells kinds of numbers apart: its results are booleans.
  package var isTest: Bool {
    switch self {
    case .isFinite, .isInfinite, .isPositiveInfinite, .isNegativeInfinite: true
    case .abs, .negate, .sign, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic,
      .tanh, .sine, .cosine, .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot,
      .tangent, .not, .stopGradient, .populationCount, .leadingZeros, .erf, .erfc, .erfInverse,
      .square, .sinh,
      .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma, .digamma:
      false
    }
  }
}

/// Elementwise functions of two operands of equal type; the raw value is the mnemonic.
package enum BinaryOp: String, Hashable, Sendable, CaseIterable {
  case add = "stablehlo.add"
  case subtract = "stablehlo.subtract"
  case multiply = "stablehlo.multiply"
  case divide = "stablehlo.divide"
  case maximum = "stablehlo.maximum"
  case minimum = "stablehlo.minimum"
  case power = "stablehlo.power"
  case remainder = "stablehlo.remainder"
  case atan2 = "stablehlo.atan2"
  case and = "stablehlo.and"
  case or = "stablehlo.or"
  case xor = "stablehlo.xor"
  case shiftLeft = "stablehlo.shift_left"
  case shiftRightArithmetic = "stablehlo.shift_right_arithmetic"
  case shiftRightLogical = "stablehlo.shift_right_logical"
  case nextAfter = "chlo.next_after"
  case polygamma = "chlo.polygamma"
  case zeta = "chlo.zeta"

  /// Whether swapping the operands never changes the result.
  package var isCommutative: Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum, .and, .or, .xor: true
    case .subtract, .divide, .power, .remainder, .atan2, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      false
    }
  }
}

/// Functions of the bits of elements.
package enum BitsOp: Hashable, Sendable {
  /// The same bits as elements of another type of that width.
  case cast(to: ElementType)
  /// Floats rounded to a shorter format in the same type; numbers too small for a normal one are zero.
  case reducePrecision(exponentBits: Int, fractionBits: Int)
}

/// Passages between complex numbers and their parts; the raw value is the mnemonic.
package enum ComplexOp: String, Hashable, Sendable, CaseIterable {
  /// (real, imaginary): the complex numbers of these parts.
  case make = "stablehlo.complex"
  /// The real parts; a float is its own.
  case real = "stablehlo.real"
  /// The imaginary parts; those of floats are zero.
  case imaginary = "stablehlo.imag"
  /// The conjugates.
  case conjugate = "chlo.conj"
}

/// A discrete Fourier transform along the last one to three axes; real ones, along the last of them,
/// hold the half of the spectrum that tells the other.
package struct FourierTransform: Hashable, Sendable {
  /// What is transformed into what; the raw value is its spelling in text.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Complex numbers, with exponents −2πi·jk/n.
    case forward = "FFT"
    /// Complex numbers, with exponents 2πi·jk/n, divided by the number of elements.
    case inverse = "IFFT"
    /// Floats to the first n/2 + 1 complex numbers of the last axis.
    case real = "RFFT"
    /// The inverse of that; the half not given is the conjugate of the half given.
    case realInverse = "IRFFT"
  }

  /// What is transformed into what.
  package var kind: Kind
  /// The extents of the axes transformed: those of the numbers, not of half a spectrum.
  package var lengths: [Int]

  package init(_ kind: Kind, lengths: [Int]) {
    self.kind = kind
    self.lengths = lengths
  }
}

/// A comparison and how its operands are read.
package struct Comparison: Hashable, Sendable {
  /// The relation tested; the raw value is its spelling in text.
  package enum Direction: String, Hashable, Sendable, CaseIterable {
    case equal = "EQ"
    case notEqual = "NE"
    case greaterOrEqual = "GE"
    case greater = "GT"
    case lessOrEqual = "LE"
    case less = "LT"
  }

  /// The relation tested.
  package var direction: Direction
  /// Whether floats are ordered by their bits: −NaN, −∞, …, −0, 0, …, ∞, NaN.
  package var isTotal: Bool

  /// A comparison in the element type's natural order, or in the total order of floats.
  package init(_ direction: Direction, isTotal: Bool = false) {
    self.direction = direction
    self.isTotal = isTotal
  }

  /// Another relation in the same order.
  package func with(_ direction: Direction) -> Comparison {
    Comparison(direction, isTotal: isTotal)
  }
}

/// Ops that only move, repeat or drop elements.
package enum ShapeOp: Hashable, Sendable {
  /// Operand axis `i` becomes result axis `dimensions[i]`; extents of one repeat.
  case broadcast(shape: [Int], dimensions: [Int])
  /// The same elements in row-major order in another shape.
  case reshape(shape: [Int])
  /// Result axis `i` is operand axis `permutation[i]`.
  case transpose(permutation: [Int])
  /// The elements `starts[i], starts[i] + strides[i], …` before `limits[i]` of each axis.
  case slice(starts: [Int], limits: [Int], strides: [Int])
  /// (operand, value): `low` and `high` elements of the value at the ends of each axis (negative
  /// amounts cut) and `interior` ones between neighbours.
  case pad(low: [Int], high: [Int], interior: [Int])
  /// All operands one after the other along an axis.
  case concatenate(dimension: Int)
  /// The operand read backwards along axes.
  case reverse(dimensions: [Int])
}

/// A reduction: how elements combine and along which axes.
package struct Reduction: Hashable, Sendable {
  /// The combining function; the raw value is the mnemonic of the body's one op.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case add = "stablehlo.add"
    case multiply = "stablehlo.multiply"
    case maximum = "stablehlo.maximum"
    case minimum = "stablehlo.minimum"
    case and = "stablehlo.and"
    case or = "stablehlo.or"

    /// The function of two elements that the reduction repeats.
    package var binary: BinaryOp {
      switch self {
      case .add: .add
      case .multiply: .multiply
      case .maximum: .maximum
      case .minimum: .minimum
      case .and: .and
      case .or: .or
      }
    }
  }

  /// How elements combine.
  package var kind: Kind
  /// The axes reduced, in text order.
  package var dimensions: [Int]

  /// A reduction of `kind` along `dimensions`.
  package init(_ kind: Kind, dimensions: [Int]) {
    self.kind = kind
    self.dimensions = dimensions
  }
}

/// How precisely a product is asked to read an operand; the raw value is its spelling in text.
///
/// Products here read whole elements and add in f32 or wider whatever is asked, so that products of
/// different precision are shared; the text says again what was asked, for other compilers.
package enum Precision: String, Hashable, Sendable, CaseIterable {
  case standard = "DEFAULT"
  case high = "HIGH"
  case highest = "HIGHEST"
}

/// The axes of a `dot_general`: result axes are batch, then free axes of left, then of right.
package struct DotDimensions: Hashable, Sendable {
  package var leftBatching: [Int]
  package var rightBatching: [Int]
  package var leftContracting: [Int]
  package var rightContracting: [Int]
  /// The result's element type where it is not the operands'.
  package var resultElement: ElementType?
  /// The precision asked for, operand by operand; empty where it is the default one of both.
  package var precision: [Precision]

  package init(
    leftBatching: [Int] = [], rightBatching: [Int] = [], leftContracting: [Int],
    rightContracting: [Int], resultElement: ElementType? = nil, precision: [Precision] = []
  ) {
    self.leftBatching = leftBatching
    self.rightBatching = rightBatching
    self.leftContracting = leftContracting
    self.rightContracting = rightContracting
    self.resultElement = resultElement
    self.precision = precision
  }

  /// The axes of the left operand that are neither batch nor contracted, in order.
  package func leftFree(rank: Int) -> [Int] {
    (0..<rank).filter { !leftBatching.contains($0) && !leftContracting.contains($0) }
  }

  /// The axes of the right operand that are neither batch nor contracted, in order.
  package func rightFree(rank: Int) -> [Int] {
    (0..<rank).filter { !rightBatching.contains($0) && !rightContracting.contains($0) }
  }
}

/// The dimension numbers of a `gather`, named as in StableHLO.
package struct GatherDimensions: Hashable, Sendable {
  package var offsetDims: [Int]
  package var collapsedSliceDims: [Int]
  package var operandBatchingDims: [Int]
  package var startIndicesBatchingDims: [Int]
  package var startIndexMap: [Int]
  package var indexVectorDim: Int
  package var sliceSizes: [Int]
  /// Whether the writer promises sorted indices.
  package var indicesAreSorted: Bool

  package init(
    offsetDims: [Int], collapsedSliceDims: [Int], operandBatchingDims: [Int] = [],
    startIndicesBatchingDims: [Int] = [], startIndexMap: [Int], indexVectorDim: Int,
    sliceSizes: [Int], indicesAreSorted: Bool = false
  ) {
    self.offsetDims = offsetDims
    self.collapsedSliceDims = collapsedSliceDims
    self.operandBatchingDims = operandBatchingDims
    self.startIndicesBatchingDims = startIndicesBatchingDims
    self.startIndexMap = startIndexMap
    self.indexVectorDim = indexVectorDim
    self.sliceSizes = sliceSizes
    self.indicesAreSorted = indicesAreSorted
  }
}

/// The dimension numbers of a `scatter`, named as in StableHLO, and how updates combine.
package struct ScatterDimensions: Hashable, Sendable {
  /// What happens to the element an update lands on.
  package enum Combination: String, Hashable, Sendable, CaseIterable {
    /// The update is added.
    case add
    /// The update replaces it; of several updates of one place the last one in order stays.
    case set
    /// The element is multiplied by the update.
    case multiply
    /// The lesser one stays.
    case minimum
    /// The greater one stays.
    case maximum

    /// The function of element and update; nil where the update replaces.
    package var kind: Reduction.Kind? {
      switch self {
      case .add: .add
      case .set: nil
      case .multiply: .multiply
      case .minimum: .minimum
      case .maximum: .maximum
      }
    }
  }

  package var combination: Combination
  package var updateWindowDims: [Int]
  package var insertedWindowDims: [Int]
  package var inputBatchingDims: [Int]
  package var scatterIndicesBatchingDims: [Int]
  package var scatterDimsToOperandDims: [Int]
  package var indexVectorDim: Int
  /// Whether the writer promises sorted indices.
  package var indicesAreSorted: Bool
  /// Whether the writer promises that no two updates meet.
  package var uniqueIndices: Bool

  package init(
    _ combination: Combination, updateWindowDims: [Int], insertedWindowDims: [Int],
    inputBatchingDims: [Int] = [], scatterIndicesBatchingDims: [Int] = [],
    scatterDimsToOperandDims: [Int], indexVectorDim: Int, indicesAreSorted: Bool = false,
    uniqueIndices: Bool = false
  ) {
    self.combination = combination
    self.updateWindowDims = updateWindowDims
    self.insertedWindowDims = insertedWindowDims
    self.inputBatchingDims = inputBatchingDims
    self.scatterIndicesBatchingDims = scatterIndicesBatchingDims
    self.scatterDimsToOperandDims = scatterDimsToOperandDims
    self.indexVectorDim = indexVectorDim
    self.indicesAreSorted = indicesAreSorted
    self.uniqueIndices = uniqueIndices
  }
}

/// A function of the module as a call sees it.
package struct Callee: Hashable, Sendable {
  /// The function's symbol, without `@`.
  package var name: String
  /// The types the function returns.
  package var resultTypes: [TensorType]

  package init(_ name: String, resultTypes: [TensorType]) {
    self.name = name
    self.resultTypes = resultTypes
  }
}

extension Op {
  /// The mnemonic in StableHLO text, such as `stablehlo.add`.
  package var mnemonic: String {
    switch self {
    case .constant: "stablehlo.constant"
    case .iota: "stablehlo.iota"
    case .unary(let op): op.rawValue
    case .binary(let op): op.rawValue
    case .compare: "stablehlo.compare"
    case .select: "stablehlo.select"
    case .clamp: "stablehlo.clamp"
    case .convert: "stablehlo.convert"
    case .bits(.cast): "stablehlo.bitcast_convert"
    case .bits(.reducePrecision): "stablehlo.reduce_precision"
    case .complex(let op): op.rawValue
    case .fft: "stablehlo.fft"
    case .shape(.broadcast): "stablehlo.broadcast_in_dim"
    case .shape(.reshape): "stablehlo.reshape"
    case .shape(.transpose): "stablehlo.transpose"
    case .shape(.slice): "stablehlo.slice"
    case .shape(.pad): "stablehlo.pad"
    case .shape(.concatenate): "stablehlo.concatenate"
    case .shape(.reverse): "stablehlo.reverse"
    case .reduce: "stablehlo.reduce"
    case .dot: "stablehlo.dot_general"
    case .convolution: "stablehlo.convolution"
    case .window(let op): op.mnemonic
    case .gather: "stablehlo.gather"
    case .scatter: "stablehlo.scatter"
    case .dynamicSlice: "stablehlo.dynamic_slice"
    case .dynamicUpdateSlice: "stablehlo.dynamic_update_slice"
    case .matrix(let op): op.mnemonic
    case .order: "adjoint.order"
    case .foreign: "stablehlo.custom_call"
    case .optimizationBarrier: "stablehlo.optimization_barrier"
    case .whileLoop: "stablehlo.while"
    case .branch(let branch): branch.kind.rawValue
    case .scan: "adjoint.scan"
    case .custom(let custom): custom.kind.rawValue
    case .call: "func.call"
    }
  }
}
