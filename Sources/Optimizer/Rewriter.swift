import TensorIR

/// Copies a function operation by operation, replacing on the way.
///
/// Rules see the copy only: every operand they are given, and everything they emit, is a value of
/// it that went through all rules before. Replaced operations that nothing reads stay in the copy;
/// removing them is another pass.
struct Rewriter {
  /// The copy so far.
  private(set) var function: Function
  /// What may be done.
  let options: SimplificationOptions
  /// How many rewrites may still happen.
  private(set) var budget: RewriteBudget
  /// Rewrites of each pass, in the order they were given.
  private(set) var rewrites: [Int]
  /// Time in each pass, in the order they were given.
  private(set) var times: [Duration]

  /// A rule and its pass's position.
  private struct NumberedRule {
    let apply: Pass.Rule
    let pass: Int
  }

  /// A rule for operations with regions and its pass's position.
  private struct NumberedRegionRule {
    let apply: Pass.RegionRule
    let pass: Int
  }

  /// The rules for each family, by its raw value.
  private let rules: [[NumberedRule]]
  /// The rules for operations with regions of each family, by its raw value.
  private let regionRules: [[NumberedRegionRule]]
  /// The passes whose rules these are.
  private let passes: [Pass]
  private let sharingPass: Int?
  private let isTimed: Bool
  /// The operation that defines each value of the copy; −1 for parameters.
  private var positions: [Int] = []
  /// The family of the operation that defines each value of the copy; nil for parameters.
  private var families: [OpFamily?] = []
  /// How often the original reads what each value of the copy stands for.
  private var useCounts: [Int] = []
  private var expressions: ExpressionTable
  /// The place of the operation being copied.
  private var location = SourceLocation.unknown
  /// How many rules are waiting for what they emitted.
  private var depth = 0
  /// What rules asked about the number of uses.
  private let questions = UseQuestions()
  /// Whether rules were tried on all operations that were emitted.
  private var triesAll = true

  /// Beyond this many rules waiting for each other, operations are copied as they are.
  private static let depthLimit = 200

  /// A rewriter for one copy of `original`.
  init(
    copying original: Function, through passes: [Pass], _ options: SimplificationOptions,
    budget: RewriteBudget, isTimed: Bool
  ) {
    function = Function(
      name: original.name, isPrivate: original.isPrivate, location: original.location)
    function.donatedParameters = original.donatedParameters
    function.writtenAttributes = original.writtenAttributes
    function.operations.reserveCapacity(original.operations.count)
    function.types.reserveCapacity(original.types.count)
    self.options = options
    self.budget = budget
    self.passes = passes
    self.isTimed = isTimed
    rewrites = Array(repeating: 0, count: passes.count)
    times = Array(repeating: .zero, count: passes.count)
    var rules = [[NumberedRule]](repeating: [], count: OpFamily.allCases.count)
    var regionRules = [[NumberedRegionRule]](repeating: [], count: OpFamily.allCases.count)
    var sharingPass: Int?
    for (index, pass) in passes.enumerated() {
      switch pass.action {
      case .rule(let families, let rule):
        for family in families {
          rules[family.rawValue].append(NumberedRule(apply: rule, pass: index))
        }
      case .regionRule(let families, let rule):
        for family in families {
          regionRules[family.rawValue].append(NumberedRegionRule(apply: rule, pass: index))
        }
      case .sharing: sharingPass = index
      case .function: preconditionFailure("a function pass has no place in a sweep")
      }
    }
    self.rules = rules
    self.regionRules = regionRules
    self.sharingPass = sharingPass
    expressions = ExpressionTable(capacity: sharingPass == nil ? 0 : original.operations.count)
  }

  /// Copies `original`.
  mutating func copy(_ original: Function) throws -> Function {
    let originalUses = original.useCounts()
    var map = [ValueID](repeating: ValueID(-1), count: original.types.count)
    func stand(_ new: ValueID, for old: ValueID) {
      map[old.index] = new
      useCounts[new.index] += originalUses[old.index]
    }
    for parameter in original.parameters {
      let value = define(original[parameter], at: -1, nil)
      function.parameters.append(value)
      stand(value, for: parameter)
    }
    for operation in original.operations {
      location = operation.location
      // Operations that are shared may have been written in different words.
      if sharingPass != nil { location.forgetSpelling() }
      let operands = operation.operands.map { map[$0.index] }
      if operation.results.count == 1, !operation.op.family.hasRegions {
        let result = operation.results[0]
        stand(try emit(operation.op, operands, type: original[result]), for: result)
        continue
      }
      let op = try operation.op.mappingRegions { try copyRegion($0) }
      let types = operation.results.map { original[$0] }
      for (old, new) in zip(operation.results, try emitAll(op, operands, types: types)) {
        stand(new, for: old)
      }
    }
    function.results = original.results.map { map[$0.index] }
    return function
  }

  /// A region after the same passes.
  private mutating func copyRegion(_ region: Region) throws -> Region {
    var nested = Rewriter(
      copying: region, through: passes, options, budget: budget, isTimed: isTimed)
    let copy = try nested.copy(region)
    budget = nested.budget
    for pass in rewrites.indices {
      rewrites[pass] += nested.rewrites[pass]
      times[pass] += nested.times[pass]
    }
    return copy
  }

  /// Values equal to the results of an operation, of which there may be any number.
  mutating func emitAll(
    _ op: Op, _ operands: [ValueID], types: [TensorType]
  ) throws -> [ValueID] {
    if let values = try applyRegionRules(op, operands, types) { return values }
    if types.count == 1 { return [try emit(op, operands, type: types[0])] }
    guard op.effect == .none, !op.isCall, budget.allowsMore, let sharingPass else {
      return appendAll(op, operands, types)
    }
    let plain = op.withoutPrecision
    switch expressions.find(plain, operands, in: function) {
    case .found(let position):
      rewrites[sharingPass] += 1
      _ = budget.spend()
      return function.operations[position].results
    case .vacant(let slot):
      let position = function.operations.count
      let results = appendAll(plain, operands, types)
      expressions.insert(position: position, at: slot)
      return results
    }
  }

  /// A value equal to an op of values of the copy: simplified, shared, or new.
  ///
  /// - Parameter type: the result's type where it is known; inferred otherwise.
  mutating func emit(
    _ op: Op, _ operands: [ValueID], type: TensorType? = nil
  ) throws -> ValueID {
    let firstQuestion = questions.count
    if budget.allowsMore, depth < Rewriter.depthLimit {
      if let value = try applyRules(op, operands) {
        questions.settle(from: firstQuestion, for: nil)
        return value
      }
      if let sharingPass, op.effect == .none, !op.isCall,
        let value = try share(op, operands, type, sharingPass)
      {
        questions.settle(from: firstQuestion, for: value)
        return value
      }
    } else {
      triesAll = false
    }
    let value = try append(op, operands, type)
    questions.settle(from: firstQuestion, for: value)
    return value
  }

  /// Whether another sweep over the copy, without what nobody needs, would rewrite nothing.
  ///
  /// Every operation of the copy went through all rules with operands that stay as they are, so that only
  /// the number of uses may give another answer.
  ///
  /// - Returns: false where that is not known: for functions with regions, whose rules look inside, and
  ///   where the number of rewrites is limited.
  var isSettled: Bool {
    triesAll && options.limit == nil && !families.contains { $0.map(\.hasRegions) ?? false }
      && questions.areAnswered(by: function)
  }

  /// The values of the first rule for operations with regions that has them.
  private mutating func applyRegionRules(
    _ op: Op, _ operands: [ValueID], _ types: [TensorType]
  ) throws -> [ValueID]? {
    guard budget.allowsMore, depth < Rewriter.depthLimit else { return nil }
    depth += 1
    defer { depth -= 1 }
    for rule in regionRules[op.family.rawValue] {
      if let values = try rule.apply(op, operands, types, &self) {
        if budget.spend() { rewrites[rule.pass] += 1 }
        return values
      }
    }
    return nil
  }

  /// The value of the first rule that has one.
  private mutating func applyRules(_ op: Op, _ operands: [ValueID]) throws -> ValueID? {
    let candidates = rules[op.family.rawValue]
    if candidates.isEmpty { return nil }
    let isOutermost = depth == 0
    depth += 1
    defer { depth -= 1 }
    for rule in candidates {
      let value =
        isTimed && isOutermost
        ? try applyTimed(rule, op, operands) : try rule.apply(op, operands, &self)
      if let value {
        if budget.spend() { rewrites[rule.pass] += 1 }
        return value
      }
    }
    return nil
  }

  /// Applies a rule and notes the time.
  private mutating func applyTimed(
    _ rule: NumberedRule, _ op: Op, _ operands: [ValueID]
  ) throws -> ValueID? {
    let start = ContinuousClock.now
    defer { times[rule.pass] += ContinuousClock.now - start }
    return try rule.apply(op, operands, &self)
  }

  /// The value of an equal operation, or the new operation's after noting it for later ones.
  private mutating func share(
    _ op: Op, _ operands: [ValueID], _ type: TensorType?, _ pass: Int
  ) throws -> ValueID? {
    let op = op.withoutPrecision
    switch expressions.find(op, operands, in: function) {
    case .found(let position):
      rewrites[pass] += 1
      _ = budget.spend()
      return function.operations[position].result
    case .vacant(let slot):
      let value = try append(op, operands, type)
      expressions.insert(position: positions[value.index], at: slot)
      return value
    }
  }

  /// Adds an operation with one result to the copy.
  private mutating func append(
    _ op: Op, _ operands: [ValueID], _ type: TensorType?
  ) throws -> ValueID {
    let result = define(
      try type ?? resultType(of: op, operands), at: function.operations.count, op.family)
    function.operations.append(Operation(op, operands, results: [result], at: location))
    return result
  }

  /// Adds an operation with any number of results to the copy.
  private mutating func appendAll(
    _ op: Op, _ operands: [ValueID], _ types: [TensorType]
  ) -> [ValueID] {
    let position = function.operations.count
    let results = types.map { define($0, at: position, op.family) }
    function.operations.append(Operation(op, operands, results: results, at: location))
    return results
  }

  /// Adds a value to the copy's table.
  private mutating func define(
    _ type: TensorType, at position: Int, _ family: OpFamily?
  ) -> ValueID {
    function.types.append(type)
    families.append(family)
    positions.append(position)
    useCounts.append(0)
    return ValueID(function.types.count - 1)
  }

  /// The type an op gives for values of the copy.
  private func resultType(of op: Op, _ operands: [ValueID]) throws -> TensorType {
    do {
      return try op.resultTypes(operands.map { function[$0] })[0]
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }
}

extension Rewriter {
  /// The type of a value of the copy.
  subscript(_ value: ValueID) -> TensorType { function.types[value.index] }

  /// The family of the operation that defines a value; nil for parameters.
  ///
  /// The quick question to ask before looking at the operation.
  func family(of value: ValueID) -> OpFamily? { families[value.index] }

  /// The operation that defines a value; nil for parameters.
  func definition(of value: ValueID) -> Operation? {
    let position = positions[value.index]
    return position < 0 ? nil : function.operations[position]
  }

  /// The op of the operation that defines a value; nil for parameters.
  func op(of value: ValueID) -> Op? {
    let position = positions[value.index]
    return position < 0 ? nil : function.operations[position].op
  }

  /// An operand of the operation that defines a value.
  ///
  /// - Requires: The value is no parameter, and its operation has so many operands.
  func operand(_ number: Int, of value: ValueID) -> ValueID {
    function.operations[positions[value.index]].operands[number]
  }

  /// Whether at most `count` operations of the original, or results, read what the value stands for.
  func isUsed(_ value: ValueID, atMost count: Int) -> Bool {
    let answer = useCounts[value.index] <= count
    questions.note(value, atMost: count, answer)
    return answer
  }
}
