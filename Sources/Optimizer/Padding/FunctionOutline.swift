import TensorIR

/// A function with its numbers beside it: what traces of one closure at different sizes have in common, and
/// in what they may differ.
///
/// Numbers are extents, and attributes that count elements, in a fixed order; literals are constants.
package struct FunctionOutline: Sendable, Hashable {
  /// The function without numbers, literals and places.
  package private(set) var skeleton: Function
  /// The numbers, in order.
  package private(set) var numbers: [Int] = []
  /// The constants, in order.
  package private(set) var literals: [Literal] = []

  /// The outline of a function without calls.
  package init(_ function: Function) {
    skeleton = Function(name: "")
    skeleton = outlined(function)
  }

  /// A function without its numbers, which are added to the outline's.
  private mutating func outlined(_ function: Function) -> Function {
    var skeleton = Function(name: "")
    skeleton.parameters = function.parameters
    skeleton.results = function.results
    skeleton.types = function.types.map { type in
      numbers += type.shape
      return TensorType(Array(repeating: 0, count: type.rank), type.element)
    }
    skeleton.operations = function.operations.map { operation in
      Operation(outlined(operation.op), operation.operands, results: operation.results)
    }
    return skeleton
  }

  /// An op without its numbers, which are added to the outline's; those that are extents of its results
  /// are known from their types.
  private mutating func outlined(_ op: Op) -> Op {
    switch op {
    case .constant(let literal):
      literals.append(literal)
      return .constant(Literal(TensorType([], literal.type.element), filledWith: 0))
    case .iota(let type, let dimension):
      return .iota(TensorType([], type.element), dimension: dimension)
    case .shape(let shape): return .shape(outlined(shape))
    case .gather(var dimensions):
      numbers += dimensions.sliceSizes
      dimensions.sliceSizes = []
      return .gather(dimensions)
    case .dynamicSlice: return .dynamicSlice(sizes: [])
    case .convolution(var convolution):
      numbers += convolution.low + convolution.high
      (convolution.low, convolution.high) = ([], [])
      return .convolution(convolution)
    case .window(let window): return .window(outlined(window))
    case .order(var ordering):
      ordering.count = 0
      return .order(ordering)
    case .scan(var scan):
      numbers.append(scan.length)
      scan.length = 0
      scan.body = outlined(scan.body)
      return .scan(scan)
    case .whileLoop, .branch, .custom: return op.mappingRegions { outlined($0) }
    case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .reduce, .dot,
      .scatter, .dynamicUpdateSlice, .matrix, .foreign, .optimizationBarrier, .call:
      return op
    }
  }

  private mutating func outlined(_ shape: ShapeOp) -> ShapeOp {
    switch shape {
    case .broadcast(_, let dimensions): return .broadcast(shape: [], dimensions: dimensions)
    case .reshape: return .reshape(shape: [])
    case .slice(let starts, let limits, let strides):
      numbers += starts + limits
      return .slice(starts: [], limits: [], strides: strides)
    case .pad(let low, let high, let interior):
      numbers += low + high
      return .pad(low: [], high: [], interior: interior)
    case .transpose, .concatenate, .reverse: return shape
    }
  }

  private mutating func outlined(_ window: WindowOp) -> WindowOp {
    var windows = window.windows
    numbers += windows.extents + windows.low + windows.high
    (windows.extents, windows.low, windows.high) = ([], [], [])
    return switch window {
    case .reduce(let kind, _): .reduce(kind, windows)
    case .place(let isLast, _): .place(isLast: isLast, windows)
    case .collect: .collect(windows)
    case .scatter: .scatter(windows, shape: [])
    }
  }
}
