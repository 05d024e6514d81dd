/// Which scalars are the same in all lanes and which differ (uniformity analysis), found by a walk over nodes
/// in order.
package struct Uniformity: Sendable {
  /// The scalars that differ between lanes.
  package private(set) var varying: Set<ScalarID> = []
  /// The local arrays of which every lane has one.
  private var perLane: Set<Int>

  /// Nothing differs but what arrays of each lane hold.
  package init(_ kernel: Kernel) {
    perLane = Set(kernel.locals.indices.filter { kernel.locals[$0].isPerLane })
  }

  /// Whether a memory is an array of each lane.
  package func isPerLane(_ memory: Memory) -> Bool {
    guard case .local(let local) = memory else { return false }
    return perLane.contains(local)
  }

  /// Whether an index differs between the iterations of a loop that are lanes.
  package func varies(_ index: IndexExpression, in lane: VariableID) -> Bool {
    var result = index.uses(lane)
    index.forEachScalar { result = result || varying.contains($0) }
    return result
  }

  /// Whether an expression differs between the iterations of a loop that are lanes.
  package func varies(_ expression: Expression, in lane: VariableID) -> Bool {
    if case .load(let memory, _, _) = expression, isPerLane(memory) { return true }
    var result = false
    expression.forEachInput(
      index: { result = result || varies($0, in: lane) },
      scalar: { result = result || varying.contains($0) })
    return result
  }

  /// Notes a definition where the iterations of a loop are lanes.
  package mutating func define(
    _ scalar: ScalarID, _ expression: Expression, in lane: VariableID
  ) {
    if varies(expression, in: lane) { varying.insert(scalar) }
  }

  /// Notes what a loop in lanes combines: what differs makes sums that differ.
  package mutating func accumulate(_ accumulator: ScalarID, _ value: ScalarID) {
    if varying.contains(value) { varying.insert(accumulator) }
  }

  /// Notes a loop in lanes: what it hands on differs.
  package mutating func enter(_ loop: Loop) {
    for carry in loop.carries { varying.formUnion([carry.current, carry.result]) }
  }

  /// Notes a scalar that differs.
  package mutating func vary(_ scalar: ScalarID) { varying.insert(scalar) }

  /// Notes a local array of which every lane has one.
  package mutating func separate(_ local: Int) { perLane.insert(local) }
}

extension Kernel {
  /// What differs between the iterations of a loop as lanes, in its body.
  func uniformity(in loop: Loop) -> Uniformity {
    var uniformity = Uniformity(self)
    loop.body.forEachNode { node in
      switch node {
      case .define(let scalar, let expression):
        uniformity.define(scalar, expression, in: loop.variable)
      case .accumulate(let sum, let value): uniformity.accumulate(sum, value)
      case .loop(let inner): uniformity.enter(inner)
      case .store, .contract: break
      }
    }
    return uniformity
  }
}
