import Batching
import TensorIR

// Loop distribution: products that do not take part in a scan's recurrence are taken out of it and
// become one large product over all steps. The price are the bytes of the stacks between the loops.

/// Computes products of what does not depend on carries for all steps before the scan.
///
///     Before:  adjoint.scan(%h, %xs) { ^(%i, %h, %x): %1 = dot %x, %w … }
///     After:   %1 = dot %xs, %w   adjoint.scan(%h, %1) { ^(%i, %h, %z): … }
@Sendable func distributeBefore(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1 else { return nil }
  let body = scan.body
  let depends = body.dependents(on: Array(scan.carryParameters))
  let varies = body.dependents(on: [body.parameters[0]] + scan.stackParameters)
  let moved = body.operations.filter { operation in
    operation.isLargeProduct(in: body) && !depends[operation.results[0].index]
      && varies[operation.results[0].index]
  }.map { $0.results[0] }
  guard !moved.isEmpty else { return nil }

  var outer = RegionCopier(from: body)
  let free = [body.parameters[0]] + scan.captureParameters + scan.stackParameters
  for parameter in free { outer.parameter(for: parameter) }
  let returned = try outer.copy(moved)
  let before = outer.builder.finish(returning: returned)
  guard before.isBatchable else { return nil }
  let isStacked =
    [true] + scan.captureParameters.map { _ in false } + scan.stackParameters.map { _ in true }
  let batched = try before.batched(size: scan.length, isStacked)
  let indices = try rewriter.emitIndices(scan.length)
  let captures = Array(operands[..<scan.captureCount])
  let stacks = Array(operands[(scan.captureCount + scan.carryCount)...])
  let values = try rewriter.emitInlined(batched, [indices] + captures + stacks)

  var inner = RegionCopier(from: body)
  for parameter in body.parameters + moved { inner.parameter(for: parameter) }
  let results = try inner.copy(body.results)
  scan.body = inner.builder.finish(returning: results)
  return try rewriter.emitAll(.scan(scan), operands + values, types: types)
}

/// Computes products that only stacked results depend on for all steps after the scan.
///
///     Before:  adjoint.scan(…) { … %2 = dot %h, %w   return %h, %2 }
///     After:   %hs = adjoint.scan(…) { … return %h, %h }   %2 = dot %hs, %w
@Sendable func distributeAfter(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1, scan.body.results.count > scan.carryCount else {
    return nil
  }
  let body = scan.body
  let recurrent = body.operationsNeeded(for: Array(body.results.prefix(scan.carryCount)))
  let depends = body.dependents(on: Array(scan.carryParameters))
  // What depends on a product outside of the recurrence, and is outside too.
  var isAfter = [Bool](repeating: false, count: body.types.count)
  var isMoved = [Bool](repeating: false, count: body.operations.count)
  for (position, operation) in body.operations.enumerated() where !recurrent[position] {
    let starts =
      operation.isLargeProduct(in: body) && depends[operation.results[0].index]
    guard starts || operation.operands.contains(where: { isAfter[$0.index] }) else { continue }
    isMoved[position] = true
    for result in operation.results { isAfter[result.index] = true }
  }
  let moved = (scan.carryCount..<body.results.count).filter { isAfter[body.results[$0].index] }
  guard !moved.isEmpty else { return nil }
  let movedResults = moved.map { body.results[$0] }
  let captures = Set(scan.captureParameters)

  // The values between: what moved operations read of what stays.
  let isConstant = body.constants()
  var between: [ValueID] = []
  for (operation, isMoved) in zip(body.operations, isMoved) where isMoved {
    for operand in operation.operands
    where !isAfter[operand.index] && !captures.contains(operand) && !isConstant[operand.index]
      && !between.contains(operand)
    {
      between.append(operand)
    }
  }
  var outer = RegionCopier(from: body)
  for parameter in scan.captureParameters + between { outer.parameter(for: parameter) }
  let returned = try outer.copy(movedResults)
  let after = outer.builder.finish(returning: returned)
  guard after.isBatchable else { return nil }
  let batched = try after.batched(
    size: scan.length,
    scan.captureParameters.map { _ in false } + between.map { _ in true })

  let (rest, stacks) = try rewriter.emit(
    &scan, operands, types, dropping: moved, stacking: between)
  let values = try rewriter.emitInlined(
    batched, Array(operands[..<scan.captureCount]) + stacks)
  var remaining = rest.makeIterator()
  return body.results.indices.compactMap { position in
    if let place = moved.firstIndex(of: position) { return values[place] }
    return remaining.next()
  }
}

/// Makes carried sums of products one product over all steps after the scan.
///
///     Before:  adjoint.scan(%w0, …) { ^(%i, %w, …): … %1 = dot %a, %b   return %w + %1 }
///     After:   %as, %bs = adjoint.scan(…) { … return %a, %b }   %w0 + dot %as, %bs over steps too
@Sendable func distributeSums(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(let scan) = op, scan.length > 1 else { return nil }
  let body = scan.body
  let uses = body.useCounts()
  for carry in 0..<scan.carryCount {
    let parameter = body.parameters[1 + scan.captureCount + carry]
    guard uses[parameter.index] == 1, body[parameter].element.isFloat,
      let sum = body.carriedSum(of: parameter, to: body.results[carry], uses),
      case .dot(let dimensions) = sum.product.op
    else { continue }
    var smaller = body
    smaller.results[carry] = sum.rest
    for operation in sum.rewired {
      smaller.operations[operation.position].operands = operation.operands
    }
    var reduced = scan
    reduced.body = smaller
    let (rest, stacks) = try rewriter.emit(
      &reduced, operands, types, dropping: [], stacking: sum.product.operands)
    let whole = DotDimensions(
      leftBatching: dimensions.leftBatching.map { $0 + 1 },
      rightBatching: dimensions.rightBatching.map { $0 + 1 },
      leftContracting: [0] + dimensions.leftContracting.map { $0 + 1 },
      rightContracting: [0] + dimensions.rightContracting.map { $0 + 1 })
    let product = try rewriter.emit(.dot(whole), stacks)
    var results = rest
    results[carry] = try rewriter.emitBinary(.add, rest[carry], product)
    return results
  }
  return nil
}

// MARK: - What they share

extension Scan {
  /// The body's parameters for captures.
  var captureParameters: [ValueID] {
    Array(body.parameters[1..<(1 + captureCount)])
  }

  /// The body's parameters for carries.
  var carryParameters: ArraySlice<ValueID> {
    body.parameters[(1 + captureCount)..<(1 + captureCount + carryCount)]
  }

  /// The body's parameters for slices of stacks.
  var stackParameters: [ValueID] {
    Array(body.parameters[(1 + captureCount + carryCount)...])
  }
}

extension Operation {
  /// A product of fewer multiplications stays where it is.
  private static let largeProduct = 4096

  /// Whether this is a product for which a loop of its own pays.
  fileprivate func isLargeProduct(in region: Region) -> Bool {
    guard case .dot(let dimensions) = op else { return false }
    let left = region[operands[0]].shape
    let depth = left.selecting(dimensions.leftContracting).reduce(1, *)
    return region[results[0]].count * depth >= Self.largeProduct
  }
}

extension Region {
  /// For each value whether it depends on one of some values, through some of the operations.
  func dependents(
    on values: [ValueID], through isFollowed: (Int) -> Bool = { _ in true }
  ) -> [Bool] {
    var depends = [Bool](repeating: false, count: types.count)
    for value in values { depends[value.index] = true }
    for (position, operation) in operations.enumerated()
    where isFollowed(position) && operation.operands.contains(where: { depends[$0.index] }) {
      for result in operation.results { depends[result.index] = true }
    }
    return depends
  }

  /// For each value whether it depends on no parameter.
  fileprivate func constants() -> [Bool] {
    var isConstant = [Bool](repeating: false, count: types.count)
    for operation in operations where operation.operands.allSatisfy({ isConstant[$0.index] }) {
      for result in operation.results { isConstant[result.index] = true }
    }
    return isConstant
  }

  /// Whether all operations have a form for many examples that is as good as for one.
  fileprivate var isBatchable: Bool {
    operations.allSatisfy { $0.op.regions.isEmpty && $0.op.effect == .none }
  }

  /// A carry that grows by a product, perhaps among other terms.
  fileprivate struct CarriedSum {
    /// The product.
    var product: Operation
    /// What the carry becomes without it.
    var rest: ValueID
    /// Operations with other operands, so that the product is left out.
    var rewired: [(position: Int, operands: [ValueID])]
  }

  /// The product that a carry grows by, seen through sums that nobody else reads.
  fileprivate func carriedSum(
    of carry: ValueID, to result: ValueID, _ uses: [Int]
  ) -> CarriedSum? {
    let definitions = definitions()
    func sum(_ value: ValueID) -> Int? {
      guard let position = definitions[value.index],
        case .binary(.add) = operations[position].op
      else { return nil }
      return position
    }
    func product(_ value: ValueID) -> Operation? {
      guard let position = definitions[value.index], uses[value.index] == 1,
        operations[position].isLargeProduct(in: self)
      else { return nil }
      return operations[position]
    }
    // Down the sums from the result, of which the innermost has the carry itself.
    var value = result
    var outer: (position: Int, side: Int)?
    while let position = sum(value), uses[value.index] == 1 {
      let terms = operations[position].operands
      for (side, term) in terms.enumerated() {
        guard let found = product(term) else { continue }
        let other = terms[1 - side]
        guard other == carry || reaches(carry, from: other, definitions, uses) else { continue }
        guard let outer else { return CarriedSum(product: found, rest: other, rewired: []) }
        var operands = operations[outer.position].operands
        operands[outer.side] = other
        return CarriedSum(
          product: found, rest: result, rewired: [(outer.position, operands)])
      }
      guard
        let side = terms.indices.first(where: {
          reaches(carry, from: terms[$0], definitions, uses)
        })
      else { return nil }
      outer = (position, side)
      value = terms[side]
    }
    return nil
  }

  /// Whether a value is a sum, which nobody else reads, of a carry and other terms.
  private func reaches(
    _ carry: ValueID, from value: ValueID, _ definitions: [Int?], _ uses: [Int]
  ) -> Bool {
    var value = value
    while true {
      if value == carry { return true }
      guard let position = definitions[value.index], uses[value.index] == 1,
        case .binary(.add) = operations[position].op
      else { return false }
      let terms = operations[position].operands
      if terms.contains(carry) { return true }
      guard let next = terms.first(where: { sumDepth(of: $0, carry, definitions) }) else {
        return false
      }
      value = next
    }
  }

  /// Whether a value is a sum that has a carry as a term, at any depth.
  private func sumDepth(of value: ValueID, _ carry: ValueID, _ definitions: [Int?]) -> Bool {
    guard let position = definitions[value.index], case .binary(.add) = operations[position].op
    else { return false }
    return operations[position].operands.contains {
      $0 == carry || sumDepth(of: $0, carry, definitions)
    }
  }
}

extension Rewriter {
  /// The numbers below a length, as a stack of indices.
  fileprivate mutating func emitIndices(_ length: Int) throws -> ValueID {
    let type = TensorType([length], .i64)
    return try emit(.iota(type, dimension: 0), [], type: type)
  }

  /// A scan without some of its stacked results and with stacks of other values of its body.
  ///
  /// A value that is a slice of a stack is not stacked again, nor one that is stacked already.
  ///
  /// - Returns: the results that stay, in order, and the stack of each value.
  fileprivate mutating func emit(
    _ scan: inout Scan, _ operands: [ValueID], _ types: [TensorType], dropping dropped: [Int],
    stacking values: [ValueID]
  ) throws -> (rest: [ValueID], stacks: [ValueID]) {
    let body = scan.body
    let kept = body.results.indices.filter { !dropped.contains($0) }
    var returned = kept.map { body.results[$0] }
    var inner = kept.map { types[$0] }
    enum Place {
      case operand(Int)
      case result(Int)
      case indices
    }
    var places: [Place] = []
    for value in values {
      if let slice = scan.stackParameters.firstIndex(of: value) {
        places.append(.operand(scan.captureCount + scan.carryCount + slice))
      } else if value == body.parameters[0] {
        places.append(.indices)
      } else if let known = returned.indices.dropFirst(scan.carryCount).first(where: {
        returned[$0] == value
      }) {
        places.append(.result(known))
      } else {
        places.append(.result(returned.count))
        returned.append(value)
        inner.append(TensorType([scan.length] + body[value].shape, body[value].element))
      }
    }
    scan.body.results = returned
    _ = scan.body.dropUnneeded()
    let results = try emitAll(.scan(scan), operands, types: inner)
    let stacks = try places.map { place in
      switch place {
      case .operand(let position): operands[position]
      case .result(let position): results[position]
      case .indices: try emitIndices(scan.length)
      }
    }
    return (Array(results.prefix(kept.count)), stacks)
  }
}
