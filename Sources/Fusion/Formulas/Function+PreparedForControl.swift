internal import TensorIR

extension Function {
  /// The function without barriers, and with constants inside the regions that capture them.
  ///
  /// A barrier's results are its operands from here on: no later stage merges or moves operations
  /// across it. The name of a barrier by which values are kept goes to the operations that define them.
  func preparedForControl() -> Function {
    guard operations.indices.contains(where: { operations[$0].isPrepared }) else { return self }
    var function = self
    var aliases: [ValueID: ValueID] = [:]
    var constants: [ValueID: Literal] = [:]
    function.operations = []
    var names: [ValueID: String] = [:]
    for var operation in operations {
      operation.operands = operation.operands.map { aliases[$0] ?? $0 }
      if case .optimizationBarrier = operation.op {
        for (result, operand) in zip(operation.results, operation.operands) {
          aliases[result] = operand
          let trail = operation.location.trail
          if !trail.name.isEmpty, !trail.isBackward { names[operand] = trail.name }
        }
        continue
      }
      operation.location.trail.name = ""
      if case .constant(let literal) = operation.op { constants[operation.result] = literal }
      function.operations.append(operation.sinking(constants))
    }
    function.results = results.map { aliases[$0] ?? $0 }
    guard !names.isEmpty else { return function }
    for position in function.operations.indices {
      for result in function.operations[position].results {
        if let name = names[result] { function.operations[position].location.trail.name = name }
      }
    }
    return function
  }
}

extension Operation {
  /// Whether `preparedForControl` may change the operation.
  fileprivate var isPrepared: Bool {
    if case .optimizationBarrier = op { return true }
    return !op.regions.isEmpty || !location.trail.name.isEmpty
  }

  /// The operation with captured constants as operations of its regions, and slices of stacks that
  /// are one number everywhere too.
  fileprivate func sinking(_ constants: [ValueID: Literal]) -> Operation {
    guard !op.regions.isEmpty, operands.contains(where: { constants[$0] != nil }) else {
      return self
    }
    var result = self
    let captures = op.captureRange.filter { constants[operands[$0]] != nil }
    let stacks = op.stackRange(among: operands.count).filter {
      constants[operands[$0]]?.isSplat == true
    }
    for position in (captures + stacks).reversed() {
      guard let literal = constants[operands[position]] else { continue }
      result.operands.remove(at: position)
      result.op = result.op.mappingRegions { region in
        var region = region
        // A branch's selector is no parameter; a scan's index is no operand.
        let place = position + op.firstParameter
        let parameter = region.parameters.remove(at: place)
        let constant = literal.isSplat ? Literal(region[parameter], splat: literal.bytes) : literal
        region.operations.insert(
          Operation(.constant(constant), [], results: [parameter], at: location), at: 0)
        return region
      }
    }
    result.op = result.op.droppingCaptures(captures.count)
    return result
  }
}

extension Op {
  /// The parameter of the regions that stands for operand zero, as a distance.
  fileprivate var firstParameter: Int {
    switch self {
    case .branch: -1
    case .scan: 1
    case .whileLoop, .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits,
      .complex, .fft,
      .shape,
      .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix,
      .order,
      .foreign, .optimizationBarrier, .window,
      .custom, .call:
      0
    }
  }

  /// The operands that a scan takes slices of.
  fileprivate func stackRange(among count: Int) -> Range<Int> {
    guard case .scan(let scan) = self else { return 0..<0 }
    return (scan.captureCount + scan.carryCount)..<count
  }

  /// The op with fewer captures.
  fileprivate func droppingCaptures(_ count: Int) -> Op {
    switch self {
    case .whileLoop(var loop):
      loop.captureCount -= count
      return .whileLoop(loop)
    case .scan(var scan):
      scan.captureCount -= count
      return .scan(scan)
    case .branch, .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits,
      .complex, .fft,
      .shape,
      .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix,
      .order,
      .foreign, .optimizationBarrier, .window,
      .custom, .call:
      return self
    }
  }

  /// The operands of a loop or branch, by position, that have to be in memory whatever they are: what
  /// selects, and stacks.
  func addressedOperands(among count: Int) -> Range<Int> {
    switch self {
    case .branch: 0..<1
    case .matrix, .order, .foreign: 0..<count
    case .whileLoop, .scan, .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert,
      .bits, .complex, .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter,
      .dynamicSlice, .dynamicUpdateSlice,
      .optimizationBarrier, .custom, .call:
      stackRange(among: count)
    }
  }

  /// Whether the operation is a step between kernels: a loop, a branch or a call.
  var isStep: Bool {
    switch self {
    case .whileLoop, .branch, .scan, .matrix, .order, .foreign: true
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .optimizationBarrier, .custom, .call:
      false
    }
  }

  /// Whether the op changes a copy of its first operand at computed places.
  var isUpdate: Bool {
    switch self {
    case .scatter, .dynamicUpdateSlice: true
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .dynamicSlice, .matrix, .order, .foreign, .optimizationBarrier,
      .whileLoop, .branch, .scan, .window,
      .custom,
      .call:
      false
    }
  }
}
