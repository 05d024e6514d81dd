internal import TensorIR

extension Function {
  /// An equal function without complex numbers: each is a pair of real tensors.
  ///
  /// Arguments and results stay as they are in memory, where a complex number is a real part and an
  /// imaginary one: they are read as real tensors with one more axis of two. Parameters, captures,
  /// carries and stacks of regions are two tensors each.
  ///
  /// - Throws: `AdjointError` for an op that has no form of pairs.
  func withRealPairs() throws -> Function {
    guard holdsComplexValues else { return self }
    var pass = RealPairs(self)
    for parameter in parameters { try pass.addInterleaved(parameter) }
    try pass.copyOperations()
    return try pass.builder.finish(returning: results.map { try pass.interleaved($0) })
  }

  /// Whether a value of the function or of a region is complex, or a part is taken of a real one.
  fileprivate var holdsComplexValues: Bool {
    types.contains { $0.element.isComplex }
      || operations.contains { operation in
        if case .complex = operation.op { return true }
        return operation.op.regions.contains { $0.holdsComplexValues }
      }
  }

  /// A region without complex numbers, each of which is two values; some parameters, by place, are given as
  /// their real part only, since the other is zero.
  fileprivate func pairedRegion(realParameters: Set<Int>) throws -> Region {
    guard holdsComplexValues else { return self }
    var pass = RealPairs(self, isRegion: true)
    for (place, parameter) in parameters.enumerated() {
      pass.addParts(parameter, isReal: realParameters.contains(place))
    }
    for place in realParameters { try pass.addZero(parameters[place]) }
    try pass.copyOperations()
    return pass.builder.finish(returning: results.flatMap { pass.parts($0) })
  }
}

/// A real and an imaginary part of equal real types.
struct Pair {
  var real: ValueID
  var imaginary: ValueID
}

/// The copy of a function in which complex values are pairs.
struct RealPairs {
  /// The function copied.
  let source: Function
  /// The copy.
  var builder: FunctionBuilder
  /// What stands for each value of the source: one value, or two for a complex one.
  private var copies: [[ValueID]]
  /// Where parts of complex numbers stand side by side in memory: the copies' tensors of pairs.
  var memories: [ValueID: ValueID] = [:]
  /// The values that operations read.
  private let readValues: Set<ValueID>

  /// Whether results are parts and not tensors of pairs.
  private let isRegion: Bool

  init(_ source: Function, isRegion: Bool = false) {
    self.source = source
    self.isRegion = isRegion
    builder = FunctionBuilder(
      name: source.name, isPrivate: source.isPrivate, location: source.location)
    copies = Array(repeating: [], count: source.types.count)
    readValues = Set(source.operations.flatMap(\.operands))
  }

  /// Whether a value is read by nobody and is a result only.
  func isOnlyResult(_ value: ValueID) -> Bool {
    !readValues.contains(value) && !isRegion
  }

  /// What stands for a value.
  func parts(_ value: ValueID) -> [ValueID] { copies[value.index] }

  /// The copy of a value that is not complex.
  func whole(_ value: ValueID) -> ValueID {
    precondition(copies[value.index].count == 1, "values are defined before they are read")
    return copies[value.index][0]
  }

  /// The parts of a complex value.
  func pair(_ value: ValueID) -> Pair {
    precondition(copies[value.index].count == 2, "a complex value has two parts")
    return Pair(real: copies[value.index][0], imaginary: copies[value.index][1])
  }

  /// Adds a parameter of the whole function; a complex one is a real tensor of pairs.
  mutating func addInterleaved(_ parameter: ValueID) throws {
    let type = source[parameter]
    guard type.element.isComplex else { return addParts(parameter, isReal: false) }
    let memory = builder.parameter(TensorType(type.shape + [2], type.element.partType))
    memories[parameter] = memory
    copies[parameter.index] = try separated(memory, type.shape)
  }

  /// The parts of the complex numbers of a shape that stand side by side.
  mutating func separated(_ memory: ValueID, _ shape: [Int]) throws -> [ValueID] {
    try [0, 1].map { try builder.part($0, of: memory, shape) }
  }

  /// Adds a parameter of a region; a complex one is two, or one where it is real.
  mutating func addParts(_ parameter: ValueID, isReal: Bool) {
    let type = source[parameter]
    let part = TensorType(type.shape, type.element.partType)
    let count = type.element.isComplex && !isReal ? 2 : 1
    copies[parameter.index] = (0..<count).map { _ in builder.parameter(part) }
  }

  /// Adds the imaginary part of a parameter that came as its real part.
  mutating func addZero(_ parameter: ValueID) throws {
    let real = copies[parameter.index][0]
    copies[parameter.index].append(try builder.splat(0, builder[real]))
  }

  /// Whether a value of the copy is zero everywhere by what defines it.
  func isZero(_ value: ValueID) -> Bool {
    guard let operation = builder.definition(of: value) else { return false }
    switch operation.op {
    case .constant(let literal): return literal.doubles.allSatisfy { $0 == 0 }
    case .shape(let op):
      switch op {
      case .broadcast, .reshape, .transpose, .slice, .reverse: return isZero(operation.operands[0])
      case .concatenate, .pad: return operation.operands.allSatisfy { isZero($0) }
      }
    case .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft,
      .reduce, .dot, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .convolution, .window,
      .foreign, .custom, .call, .order, .matrix, .whileLoop, .branch, .scan, .optimizationBarrier:
      return false
    }
  }

  /// A result of the whole function, with the parts of complex numbers side by side.
  mutating func interleaved(_ value: ValueID) throws -> ValueID {
    guard source[value].element.isComplex else { return whole(value) }
    if let memory = memories[value] { return memory }
    let shape = source[value].shape
    let columns = try parts(value).map { try builder.reshape($0, to: shape + [1]) }
    return try builder.emit(.shape(.concatenate(dimension: shape.count)), columns)
  }

  /// Copies all operations.
  mutating func copyOperations() throws {
    for operation in source.operations {
      builder.location = operation.location
      do {
        for (result, copy) in zip(operation.results, try copied(operation)) {
          copies[result.index] = copy
        }
      } catch let error as AdjointError {
        throw error.placed(at: operation.location)
      }
    }
  }

  /// What stands for each result of an operation.
  private mutating func copied(_ operation: Operation) throws -> [[ValueID]] {
    let operands = operation.operands
    var touchesComplex = (operands + operation.results).contains { source[$0].element.isComplex }
    if case .complex = operation.op { touchesComplex = true }
    if !touchesComplex, operation.op.regions.isEmpty {
      return try builder.emitAll(operation.op, operands.map { whole($0) }).map { [$0] }
    }
    switch operation.op {
    case .whileLoop, .branch, .scan, .optimizationBarrier: return try copiedControl(operation)
    case .matrix(let op): return try copied(op, operation)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .convolution, .window, .foreign, .custom, .call, .order:
      return [try copiedValue(operation)]
    }
  }

  /// A decomposition as a call of its routine, which takes and gives complex numbers as they stand in
  /// memory.
  private mutating func copied(_ op: MatrixOp, _ operation: Operation) throws -> [[ValueID]] {
    let call = op.routine(
      operation.operands.map { source[$0] }, operation.results.map { source[$0] })
    let operands = try operation.operands.map { try interleaved($0) }
    let found = try builder.emitAll(.foreign(call), operands)
    return try zip(operation.results, found).map { result, memory in
      guard source[result].element.isComplex else { return [memory] }
      memories[result] = memory
      return try separated(memory, source[result].shape)
    }
  }

  /// A loop or branch whose operands and results are parts.
  private mutating func copiedControl(_ operation: Operation) throws -> [[ValueID]] {
    let operands = operation.operands
    let captures = operation.op.captureRange.clamped(to: 0..<operands.count)
    // What is captured and real goes in as one value.
    let isReal = operands.indices.map { place in
      captures.contains(place) && parts(operands[place]).count == 2
        && isZero(parts(operands[place])[1])
    }
    /// What stands for the operand at a place.
    func given(_ place: Int) -> ArraySlice<ValueID> {
      parts(operands[place]).prefix(isReal[place] ? 1 : 2)
    }
    /// How many values stand for some operands.
    func count(_ range: Range<Int>) -> Int { range.reduce(0) { $0 + given($1).count } }
    var op = operation.op
    // Parameters of a scan's body begin with the number of the step.
    var shift = -captures.lowerBound
    if case .scan = op { shift += 1 }
    let real = Set(operands.indices.filter { isReal[$0] }.map { $0 + shift })
    switch op {
    case .whileLoop(var loop):
      loop.captureCount = count(0..<loop.captureCount)
      op = .whileLoop(loop)
    case .scan(var scan):
      let captures = scan.captureCount
      scan.captureCount = count(0..<captures)
      scan.carryCount = count(captures..<(captures + scan.carryCount))
      op = .scan(scan)
    default: break
    }
    op = try op.mappingRegions { try $0.pairedRegion(realParameters: real) }
    var rest = try builder.emitAll(op, operands.indices.flatMap { given($0) })[...]
    return operation.results.map { result in
      let count = source[result].element.isComplex ? 2 : 1
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }
}

extension FunctionBuilder {
  /// One part of the complex numbers of a shape that a real tensor has along its last axis.
  fileprivate mutating func part(
    _ part: Int, of memory: ValueID, _ shape: [Int]
  ) throws -> ValueID {
    let slice = Op.shape(
      .slice(
        starts: shape.map { _ in 0 } + [part], limits: shape + [part + 1],
        strides: shape.map { _ in 1 } + [1]))
    return try reshape(emit(slice, [memory]), to: shape)
  }
}
