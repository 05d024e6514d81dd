import TensorIR

/// The kinds of operations that passes choose between.
enum OpFamily: Int, Sendable, CaseIterable {
  case constant, iota, unary, binary, compare, select, clamp, convert, bits, complex, fft
  case broadcast, reshape
  case transpose, slice, pad, concatenate, reverse, reduce, dot, convolution, window, gather,
    scatter
  case dynamicSlice, dynamicUpdateSlice, matrix, order, foreign, optimizationBarrier, whileLoop,
    branch,
    scan, custom
  case call
}

extension Op {
  /// The op's family.
  var family: OpFamily {
    switch self {
    case .constant: .constant
    case .iota: .iota
    case .unary: .unary
    case .binary: .binary
    case .compare: .compare
    case .select: .select
    case .clamp: .clamp
    case .convert: .convert
    case .bits: .bits
    case .complex: .complex
    case .fft: .fft
    case .shape(.broadcast): .broadcast
    case .shape(.reshape): .reshape
    case .shape(.transpose): .transpose
    case .shape(.slice): .slice
    case .shape(.pad): .pad
    case .shape(.concatenate): .concatenate
    case .shape(.reverse): .reverse
    case .reduce: .reduce
    case .dot: .dot
    case .convolution: .convolution
    case .window: .window
    case .gather: .gather
    case .scatter: .scatter
    case .dynamicSlice: .dynamicSlice
    case .dynamicUpdateSlice: .dynamicUpdateSlice
    case .matrix: .matrix
    case .order: .order
    case .foreign: .foreign
    case .optimizationBarrier: .optimizationBarrier
    case .whileLoop: .whileLoop
    case .branch: .branch
    case .scan: .scan
    case .custom: .custom
    case .call: .call
    }
  }
}

extension OpFamily {
  /// Whether operations of the family may have regions.
  var hasRegions: Bool {
    self == .whileLoop || self == .branch || self == .scan || self == .custom
  }
}

extension Set<OpFamily> {
  /// Operations with regions that capture values.
  static let withRegions: Set = [.whileLoop, .branch, .scan]
  /// Operations on each element alone.
  static let elementwise: Set = [
    .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
  ]
  /// Operations that compute from operands.
  static let computing = Set(OpFamily.allCases).subtracting([
    .constant, .iota, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call,
  ])
}
