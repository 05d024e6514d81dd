import TensorIR

/// Turns loops that count to a known bound into scans.
///
/// The counter is a carried integer that every iteration changes by a constant and that the condition
/// compares with a constant; it becomes a function of the scan's index.
///
///     Before:  while(%i = 0, %s = %x) cond { %i < 10 } do { … return %i + 1, %1 }
///     After:   adjoint.scan(%x) {length = 10} { ^(%k, %s): … return %1 }
@Sendable func raiseCountedLoops(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .whileLoop(let loop) = op,
    let counter = LoopCounter(of: loop, operands, in: rewriter)
  else { return nil }
  let position = loop.captureCount + counter.carry
  var builder = FunctionBuilder(name: "region", location: loop.body.location)
  let index = builder.parameter(TensorType([], .i64))
  var values: [ValueID] = []
  for (place, parameter) in loop.body.parameters.enumerated() where place != position {
    values.append(builder.parameter(loop.body[parameter]))
  }
  let type = loop.body[loop.body.parameters[position]]
  let narrow = try builder.convert(index, to: type.element)
  let step = try builder.constant(Literal(type, integers: [counter.step]))
  let start = try builder.constant(Literal(type, integers: [counter.start]))
  let scaled = counter.step == 1 ? narrow : try builder.multiply(narrow, step)
  values.insert(
    counter.start == 0 ? scaled : try builder.add(scaled, start), at: position)
  var returned = try builder.inline(loop.body, values)
  returned.remove(at: counter.carry)
  let scan = Scan(
    length: counter.tripCount, captureCount: loop.captureCount,
    carryCount: types.count - 1, body: builder.finish(returning: returned))
  var outer = operands
  outer.remove(at: position)
  var rest = types
  rest.remove(at: counter.carry)
  var results = try rewriter.emitAll(.scan(scan), outer, types: rest)
  let end = counter.start + counter.step * Int64(counter.tripCount)
  results.insert(try rewriter.emitConstant(Literal(type, integers: [end])), at: counter.carry)
  return results
}

/// The carry that counts a loop's iterations.
private struct LoopCounter {
  /// Its position among the carries.
  let carry: Int
  /// Its value before the first iteration.
  let start: Int64
  /// How much each iteration adds; not zero.
  let step: Int64
  /// How many iterations there are.
  let tripCount: Int

  /// Finds the counter; nil where the number of iterations is not known.
  init?(of loop: While, _ operands: [ValueID], in rewriter: Rewriter) {
    let definitions = loop.condition.definitions()
    guard loop.condition.operations.allSatisfy({ $0.op.effect == .none }),
      let position = definitions[loop.condition.results[0].index],
      case .compare(let comparison) = loop.condition.operations[position].op
    else { return nil }
    var direction = comparison.direction
    var sides = loop.condition.operations[position].operands
    if loop.condition.parameters.dropFirst(loop.captureCount).contains(sides[1]) {
      sides.swapAt(0, 1)
      direction = direction.swapped
    }
    guard let parameter = loop.condition.parameters.firstIndex(of: sides[0]),
      parameter >= loop.captureCount,
      loop.condition[sides[0]].isScalar, loop.condition[sides[0]].element.isCounter,
      let bound = LoopCounter.constant(sides[1], in: loop.condition, operands, rewriter),
      let start = rewriter.constant(operands[parameter])?.integers.first,
      let step = LoopCounter.step(of: loop, at: parameter, operands, rewriter)
    else { return nil }
    let element = loop.condition[sides[0]].element
    guard let count = LoopCounter.tripCount(start, step, direction, bound),
      count <= Int64(Int32.max),
      LoopCounter.fits(start, step, count, element)
    else { return nil }
    carry = parameter - loop.captureCount
    self.start = start
    self.step = step
    tripCount = Int(count)
  }

  /// The integer that a value of a region is: a constant, or a capture of one.
  private static func constant(
    _ value: ValueID, in region: Region, _ operands: [ValueID], _ rewriter: Rewriter
  ) -> Int64? {
    if let parameter = region.parameters.firstIndex(of: value) {
      return rewriter.constant(operands[parameter])?.integers.first
    }
    guard let definition = region.operations.first(where: { $0.results.contains(value) }),
      case .constant(let literal) = definition.op, literal.type.isScalar
    else { return nil }
    return literal.integers[0]
  }

  /// What an iteration adds to the carry at a position among the parameters.
  private static func step(
    of loop: While, at position: Int, _ operands: [ValueID], _ rewriter: Rewriter
  ) -> Int64? {
    let result = loop.body.results[position - loop.captureCount]
    guard let definition = loop.body.operations.first(where: { $0.results.contains(result) }),
      case .binary(let op) = definition.op, op == .add || op == .subtract
    else { return nil }
    let counter = loop.body.parameters[position]
    let (left, right) = (definition.operands[0], definition.operands[1])
    let other = left == counter ? right : op == .add && right == counter ? left : nil
    guard let other, loop.captureCount == 0 || other != counter,
      isCapturedOrInner(other, loop),
      let amount = constant(other, in: loop.body, operands, rewriter), amount != 0
    else { return nil }
    return op == .add ? amount : 0 - amount
  }

  /// Whether a value of the body is not a carry.
  private static func isCapturedOrInner(_ value: ValueID, _ loop: While) -> Bool {
    guard let parameter = loop.body.parameters.firstIndex(of: value) else { return true }
    return parameter < loop.captureCount
  }

  /// How often a condition holds; nil where it never fails, or only after the counter wraps around.
  private static func tripCount(
    _ start: Int64, _ step: Int64, _ direction: Comparison.Direction, _ bound: Int64
  ) -> Int64? {
    /// The iterations while the distance to go, in the step's direction, is positive.
    func count(_ distance: Int64, _ step: Int64) -> Int64? {
      if distance <= 0 { return 0 }
      return step > 0 ? (distance - 1) / step + 1 : nil
    }
    let (distance, overflows) = bound.subtractingReportingOverflow(start)
    guard !overflows, abs(distance) < Int64.max / 2, abs(step) < Int64.max / 2 else { return nil }
    switch direction {
    case .less: return count(distance, step)
    case .lessOrEqual: return count(distance + 1, step)
    case .greater: return count(-distance, -step)
    case .greaterOrEqual: return count(1 - distance, -step)
    case .notEqual:
      let (number, rest) = distance.quotientAndRemainder(dividingBy: step)
      return rest == 0 && number >= 0 ? number : nil
    case .equal: return distance != 0 ? 0 : 1
    }
  }

  /// Whether no value of the counter leaves its type.
  private static func fits(
    _ start: Int64, _ step: Int64, _ count: Int64, _ element: ElementType
  ) -> Bool {
    let (distance, overflows) = step.multipliedReportingOverflow(by: count)
    guard !overflows else { return false }
    let (end, wraps) = start.addingReportingOverflow(distance)
    guard !wraps else { return false }
    let type = TensorType([], element)
    return Literal(type, integers: [end]).integers == [end]
  }
}

extension ElementType {
  /// Whether every integer of the type is an `Int64`.
  fileprivate var isCounter: Bool { kind == .signed || (kind == .unsigned && width < 64) }
}
