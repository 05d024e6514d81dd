/// Grows a function one typed operation at a time.
package struct FunctionBuilder: Sendable {
  /// The function so far.
  package private(set) var function: Function
  /// The place given to operations that name none.
  package var location: SourceLocation
  /// The position of the operation that defines each value, by id; negative for parameters.
  private var definitions: [Int]
  /// The operations that `emitOnce` added.
  private var expressions = RecentExpressions()
  /// How many operations `emitOnce` found among those before.
  package private(set) var sharedCount = 0

  /// Starts an empty function.
  package init(name: String, isPrivate: Bool = false, location: SourceLocation = .unknown) {
    function = Function(name: name, isPrivate: isPrivate, location: location)
    self.location = location
    definitions = []
  }

  /// Continues a function under another name: further parameters and operations come behind its
  /// own, whose values keep their ids.
  package init(continuing function: Function, name: String) {
    self.function = function
    self.function.name = name
    self.function.results = []
    self.function.donatedParameters = []
    self.function.writtenAttributes = Function.WrittenAttributes()
    location = function.location
    definitions = function.definitions().map { $0 ?? -1 }
  }

  /// The type of a value defined so far.
  package subscript(_ value: ValueID) -> TensorType { function[value] }

  /// The operation that defines a value; nil for a parameter.
  package func definition(of value: ValueID) -> Operation? {
    definingPosition(of: value).map { function.operations[$0] }
  }

  /// The position of the operation that defines a value; nil for a parameter.
  package func definingPosition(of value: ValueID) -> Int? {
    definitions[value.index] < 0 ? nil : definitions[value.index]
  }

  /// Adds a parameter.
  package mutating func parameter(_ type: TensorType) -> ValueID {
    let value = define(type, by: -1)
    function.parameters.append(value)
    return value
  }

  /// Adds an operation with one result, inferring the result's type.
  ///
  /// - Throws: `AdjointError` where the operands break the op's typing rule.
  package mutating func emit(
    _ op: Op, _ operands: [ValueID], at location: SourceLocation? = nil
  ) throws -> ValueID {
    guard let type = plainType(op, operands) else {
      return try emitAll(op, operands, at: location)[0]
    }
    let result = define(type, by: function.operations.count)
    function.operations.appendGrowing(
      Operation(op, operands, results: [result], at: location ?? self.location))
    return result
  }

  /// The type of a function of one element or two, where that is the operands' type; nil for everything
  /// else.
  @inline(__always)
  private func plainType(_ op: Op, _ operands: [ValueID]) -> TensorType? {
    switch op {
    case .unary(let op) where operands.count == 1:
      let type = function[operands[0]]
      return op.keepsType(type.element) ? type : nil
    case .binary(let op) where operands.count == 2:
      let type = function[operands[0]]
      return op.accepts(type.element) && function[operands[1]] == type ? type : nil
    default: return nil
    }
  }

  /// Adds an operation with any number of results, inferring their types.
  package mutating func emitAll(
    _ op: Op, _ operands: [ValueID], at location: SourceLocation? = nil
  ) throws -> [ValueID] {
    let place = location ?? self.location
    let types: [TensorType]
    do {
      types = try op.resultTypes(operands.map { function[$0] })
    } catch let error as AdjointError {
      throw error.placed(at: place)
    }
    let position = function.operations.count
    let results = types.map { define($0, by: position) }
    function.operations.appendGrowing(Operation(op, operands, results: results, at: place))
    return results
  }

  /// Puts another operation in the place of one, with at least its results.
  ///
  /// - Parameter kept: where the old operation's results, which keep their ids, stand among the new
  ///   one's; the others are new values.
  /// - Returns: all results of the new operation.
  package mutating func replaceOperation(
    at position: Int, with op: Op, _ operands: [ValueID], keeping kept: [Int]
  ) throws -> [ValueID] {
    let old = function.operations[position]
    let types: [TensorType]
    do {
      types = try op.resultTypes(operands.map { function[$0] })
    } catch let error as AdjointError {
      throw error.placed(at: old.location)
    }
    let results = types.indices.map { index in
      kept.firstIndex(of: index).map { old.results[$0] } ?? define(types[index], by: position)
    }
    function.operations[position] = Operation(op, operands, results: results, at: old.location)
    return results
  }

  /// Ends the function with the values it returns.
  package mutating func finish(returning results: [ValueID]) -> Function {
    function.results = results
    return function
  }

  /// Takes over what is said of another function's parameters and what only the text cares about.
  package mutating func keepAttributes(of other: Function) {
    function.donatedParameters = other.donatedParameters
    function.writtenAttributes = other.writtenAttributes
  }

  /// Adds a value that the operation at `position` defines, or none where that is negative.
  private mutating func define(_ type: TensorType, by position: Int) -> ValueID {
    function.types.appendGrowing(type)
    definitions.appendGrowing(position)
    return ValueID(function.types.count - 1)
  }
}

// MARK: - Operations that are written again

extension FunctionBuilder {
  /// Adds an operation with one result unless one that was added so computes the same: an equal op of
  /// the same values, in the same `checkpoint` scopes. The place of the first one stays.
  ///
  /// - Throws: `AdjointError` where the operands break the op's typing rule.
  package mutating func emitOnce(
    _ op: Op, _ operands: [ValueID], at location: SourceLocation
  ) throws -> ValueID {
    guard op.isShareable else { return try emit(op, operands, at: location) }
    let place = findEqual(op, operands, at: location)
    if case .found(let position) = place {
      sharedCount += 1
      return function.operations[position].results[0]
    }
    let position = function.operations.count
    let value = try emit(op, operands, at: location)
    expressions.insert(position: position, at: place)
    return value
  }

  /// Adds an operation with any number of results unless one that was added so computes the same.
  ///
  /// - Throws: `AdjointError` where the operands break the op's typing rule.
  package mutating func emitAllOnce(
    _ op: Op, _ operands: [ValueID], at location: SourceLocation
  ) throws -> [ValueID] {
    guard op.isShareable else { return try emitAll(op, operands, at: location) }
    let place = findEqual(op, operands, at: location)
    if case .found(let position) = place {
      sharedCount += 1
      return function.operations[position].results
    }
    let position = function.operations.count
    let values = try emitAll(op, operands, at: location)
    expressions.insert(position: position, at: place)
    return values
  }

  /// Lets no later operation be one of those that are there.
  package mutating func forgetExpressions() {
    expressions = RecentExpressions(from: function.types.count)
  }

  /// Where an operation stands that computes the same, or could stand.
  @inline(__always)
  private mutating func findEqual(
    _ op: Op, _ operands: [ValueID], at location: SourceLocation
  ) -> RecentExpressions.Place {
    let latest = operands.max()
    expressions.makeRoom(beside: latest)
    return expressions.find(op.hash(with: operands), latest: latest) { position in
      function.operations[position].operands == operands
        && function.operations[position].op == op
        && function.operations[position].location.hasTrail(of: location)
    }
  }
}

extension Array {
  /// Adds an element. Large arrays grow to four times their size at once: copying them takes time, and
  /// memory that nobody touches takes none.
  @inline(__always)
  mutating func appendGrowing(_ element: Element) {
    if count == capacity, count >= 1024 { reserveCapacity(count * 4) }
    append(element)
  }
}

// MARK: - Shorthand for rules and passes

extension FunctionBuilder {
  package mutating func constant(_ literal: Literal) throws -> ValueID {
    try emit(.constant(literal), [])
  }

  /// A tensor of `type` whose every element is `value`: a scalar constant, broadcast.
  package mutating func splat(_ value: Double, _ type: TensorType) throws -> ValueID {
    let scalar = try constant(Literal(TensorType([], type.element), filledWith: value))
    return try broadcast(scalar, to: type.shape, dimensions: [])
  }

  package mutating func unary(_ op: UnaryOp, _ operand: ValueID) throws -> ValueID {
    try emit(.unary(op), [operand])
  }

  package mutating func binary(
    _ op: BinaryOp, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID {
    try emit(.binary(op), [left, right])
  }

  package mutating func add(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try binary(.add, left, right)
  }

  package mutating func subtract(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try binary(.subtract, left, right)
  }

  package mutating func multiply(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try binary(.multiply, left, right)
  }

  package mutating func divide(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try binary(.divide, left, right)
  }

  package mutating func negate(_ operand: ValueID) throws -> ValueID {
    try unary(.negate, operand)
  }

  package mutating func compare(
    _ direction: Comparison.Direction, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID {
    try emit(.compare(Comparison(direction)), [left, right])
  }

  package mutating func select(
    _ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID
  ) throws -> ValueID {
    try emit(.select, [predicate, onTrue, onFalse])
  }

  package mutating func convert(_ operand: ValueID, to element: ElementType) throws -> ValueID {
    function[operand].element == element
      ? operand : try emit(.convert(to: element), [operand])
  }

  /// The operand with its axes at `dimensions` of `shape`; itself where nothing would change.
  package mutating func broadcast(
    _ operand: ValueID, to shape: [Int], dimensions: [Int]
  ) throws -> ValueID {
    if function[operand].shape == shape, dimensions == Array(shape.indices) { return operand }
    return try emit(.shape(.broadcast(shape: shape, dimensions: dimensions)), [operand])
  }

  /// The operand in another shape; itself where nothing would change.
  package mutating func reshape(_ operand: ValueID, to shape: [Int]) throws -> ValueID {
    function[operand].shape == shape
      ? operand : try emit(.shape(.reshape(shape: shape)), [operand])
  }

  /// The operand with axes permuted; itself where nothing would change.
  package mutating func transpose(_ operand: ValueID, permutation: [Int]) throws -> ValueID {
    permutation == Array(permutation.indices)
      ? operand : try emit(.shape(.transpose(permutation: permutation)), [operand])
  }

  /// The operand reduced from the kind's identity; itself where no axis is named.
  package mutating func reduce(
    _ kind: Reduction.Kind, _ operand: ValueID, dimensions: [Int]
  ) throws -> ValueID {
    if dimensions.isEmpty { return operand }
    let identity = try constant(kind.identity(of: function[operand].element))
    return try emit(.reduce(Reduction(kind, dimensions: dimensions)), [operand, identity])
  }

  /// Copies an operation of another function, with its operands already translated.
  package mutating func copy(
    _ operation: Operation, operands: [ValueID]
  ) throws -> [ValueID] {
    try emitAll(operation.op, operands, at: operation.location)
  }
}

extension Reduction.Kind {
  /// The scalar that leaves any element unchanged when combined with it.
  package func identity(of element: ElementType) -> Literal {
    let type = TensorType([], element)
    switch self {
    case .add: return Literal(type, filledWith: 0)
    case .or: return Literal(type, integers: [0])
    case .multiply: return Literal(type, filledWith: 1)
    case .and: return Literal(type, integers: [element == .i1 ? 1 : -1])
    case .maximum: return Literal.lowest(element)
    case .minimum: return Literal.highest(element)
    }
  }
}

extension Literal {
  /// The scalar no element is below: −∞, the least integer, or false.
  package static func lowest(_ element: ElementType) -> Literal {
    let type = TensorType([], element)
    guard let least = element.leastInteger else { return Literal(type, filledWith: -.infinity) }
    return Literal(type, integers: [least])
  }

  /// The scalar no element is above: ∞, the greatest integer, or true.
  package static func highest(_ element: ElementType) -> Literal {
    let type = TensorType([], element)
    guard let greatest = element.greatestInteger else {
      return Literal(type, filledWith: .infinity)
    }
    return Literal(type, integers: [element == .u64 ? -1 : greatest])
  }
}
