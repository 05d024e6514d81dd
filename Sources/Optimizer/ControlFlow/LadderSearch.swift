import TensorIR

extension Function {
  /// Whether an operation pads: ladders put their levels together with pads.
  var holdsPads: Bool {
    operations.indices.contains { position in
      if case .shape(.pad) = operations[position].op { true } else { false }
    }
  }
}

/// The ladders of a function.
struct LadderSearch {
  /// Halves that a sum of padded tensors interleaves: the elements at even places, of which the first
  /// is that of `source`, and those at odd places.
  private struct Interleaving {
    /// The axis, and the length of the result along it.
    var axis, length: Int
    /// What the ladder combines.
    var source: ValueID
    /// The elements at even places from the second on; nil where there are none.
    var even: ValueID?
    /// The elements at odd places.
    var odd: ValueID
  }

  private let function: Function
  private let definitions: [Int?]
  private var interleavings: [ValueID: Interleaving] = [:]

  /// Finds what interleaves.
  init(_ function: Function) {
    self.function = function
    definitions = function.definitions()
    for operation in function.operations {
      guard let found = interleaving(operation) else { continue }
      interleavings[operation.results[0]] = found
    }
  }

  /// The ladders that are faster as scans, longest first, each value in one of them.
  func ladders() -> [Ladder] {
    var used = Set<ValueID>()
    var found: [Ladder] = []
    let tops = interleavings.sorted {
      ($1.value.length, $0.key.index) < ($0.value.length, $1.key.index)
    }
    for (result, top) in tops where !used.contains(result) {
      guard let (ladder, rungs) = ladder(endingIn: result, top) else { continue }
      used.formUnion(rungs)
      if ladder.isWorthwhile(in: function), ladder.isAssociative(in: function) {
        found.append(ladder)
      }
    }
    return found
  }

  // MARK: Interleaving

  /// What an operation interleaves; nil where it does something else.
  private func interleaving(_ operation: Operation) -> Interleaving? {
    guard case .binary(let op) = operation.op, let result = operation.results.first,
      op == (function[result].element == .i1 ? .or : .add)
    else { return nil }
    for (first, second) in [(0, 1), (1, 0)] {
      guard let even = padded(operation.operands[first]), even.low == 0,
        let odd = padded(operation.operands[second]), odd.low == 1, even.axis == odd.axis
      else { continue }
      let axis = even.axis
      let length = function[result].shape[axis]
      guard function[even.value].shape[axis] == (length + 1) / 2,
        function[odd.value].shape[axis] == length / 2,
        let (source, rest) = headed(even.value, axis, length)
      else { return nil }
      return Interleaving(axis: axis, length: length, source: source, even: rest, odd: odd.value)
    }
    return nil
  }

  /// The operand of a pad that puts zeros between elements along one axis, and how many before.
  private func padded(_ value: ValueID) -> (value: ValueID, axis: Int, low: Int)? {
    guard let operation = definition(value),
      case .shape(.pad(let low, let high, let interior)) = operation.op,
      let axis = interior.firstIndex(of: 1), isZero(operation.operands[1])
    else { return nil }
    let others = low.indices.filter { $0 != axis }
    guard others.allSatisfy({ low[$0] == 0 && high[$0] == 0 && interior[$0] == 0 }),
      (0...1).contains(low[axis]), (0...1).contains(high[axis])
    else { return nil }
    return (operation.operands[0], axis, low[axis])
  }

  /// The tensor whose first element is that of `value`, and what follows it there.
  private func headed(
    _ value: ValueID, _ axis: Int, _ length: Int
  ) -> (source: ValueID, rest: ValueID?)? {
    guard let operation = definition(value) else { return nil }
    if case .shape(.concatenate(axis)) = operation.op, operation.operands.count == 2 {
      let rest = operation.operands[1]
      guard let (source, nothing) = headed(operation.operands[0], axis, length), nothing == nil
      else { return nil }
      return (source, function[rest].shape[axis] == 0 ? nil : rest)
    }
    guard let part = slice(value, axis), part.start == 0, part.count == 1,
      function[part.source].shape[axis] == length
    else { return nil }
    return (part.source, nil)
  }

  /// What a value is a slice of, along one axis alone.
  private func slice(
    _ value: ValueID, _ axis: Int
  ) -> (source: ValueID, start: Int, stride: Int, count: Int)? {
    guard let operation = definition(value),
      case .shape(.slice(let starts, _, let strides)) = operation.op
    else { return nil }
    let (shape, whole) = (function[value].shape, function[operation.operands[0]].shape)
    let others = shape.indices.filter { $0 != axis }
    guard others.allSatisfy({ shape[$0] == whole[$0] && strides[$0] == 1 }) else { return nil }
    return (operation.operands[0], starts[axis], strides[axis], shape[axis])
  }

  /// Whether a value is known to be zero, or false.
  private func isZero(_ value: ValueID) -> Bool {
    guard let operation = definition(value) else { return false }
    switch operation.op {
    case .constant(let literal): return literal.splatValue == 0
    case .shape(.broadcast), .convert: return isZero(operation.operands[0])
    default: return false
    }
  }

  private func definition(_ value: ValueID) -> Operation? {
    definitions[value.index].map { function.operations[$0] }
  }

  // MARK: Levels

  /// One level of a ladder: what it combines, and its results; nil where the text has none that
  /// anything needs, or none was met yet.
  private struct Level {
    var elements, results: [ValueID?]
    var axis, length: Int
  }

  /// The ladder that ends in a value, and the results of all its levels; nil where a level does not
  /// repeat what the one before does.
  private func ladder(
    endingIn result: ValueID, _ top: Interleaving
  ) -> (ladder: Ladder, rungs: [ValueID])? {
    var level = Level(
      elements: [top.source], results: [result], axis: top.axis, length: top.length)
    var combination: [LadderExpression?] = [nil]
    guard var below = next(below: &level, &combination, isTop: true) else { return nil }
    let whole = level
    var rungs = level.results.compactMap(\.self)
    while below.length > 1 {
      rungs += below.results.compactMap(\.self)
      guard let next = next(below: &below, &combination, isTop: false) else { return nil }
      // What only this level's combination names must be made like the rest.
      guard let checked = checked(level, below, &combination) else { return nil }
      (level, below) = (checked, next)
    }
    guard below.results == below.elements else { return nil }
    let elements = whole.elements.compactMap(\.self)
    let expressions = combination.compactMap(\.self)
    guard elements.count == expressions.count else { return nil }
    let ladder = Ladder(
      elements: elements, results: whole.results, axis: whole.axis, length: whole.length,
      combination: expressions)
    return (ladder, rungs)
  }

  /// The level `below` another one, if all of its elements are combinations of the other's; nil where
  /// one is not.
  private func checked(
    _ level: Level, _ below: Level, _ combination: inout [LadderExpression?]
  ) -> Level? {
    for (position, element) in below.elements.enumerated() {
      guard let element else { continue }
      var walk = ExpressionWalk(search: self, level: level, odd: nil, mayGrow: false)
      guard let found = walk.expression(of: element),
        (combination[position] ?? found) == found
      else { return nil }
      combination[position] = found
    }
    return below
  }

  /// The level of half the length; nil where this one is no level of the ladder.
  private func next(
    below level: inout Level, _ combination: inout [LadderExpression?], isTop: Bool
  ) -> Level? {
    let half = level.length / 2
    var below = Level(elements: [], results: [], axis: level.axis, length: half)
    var position = 0
    while position < level.elements.count {
      defer { position += 1 }
      guard level.results[position] != nil else {
        below.results.append(nil)
        below.elements.append(nil)
        continue
      }
      guard let odd = rung(level, position)?.odd, let element = source(odd, half) else {
        return nil
      }
      below.results.append(odd)
      below.elements.append(element)
      var walk = ExpressionWalk(search: self, level: level, odd: nil, mayGrow: isTop)
      guard let found = walk.expression(of: element),
        (combination[position] ?? found) == found
      else { return nil }
      level = walk.level
      combination += (combination.count..<level.elements.count).map { _ in nil }
      combination[position] = found
    }
    guard (level.length - 1) / 2 > 0 else { return below }
    for position in level.elements.indices where level.results[position] != nil {
      var walk = ExpressionWalk(
        search: self, level: level, odd: below.results, mayGrow: false)
      walk.combination = combination
      guard let even = rung(level, position)?.even,
        walk.expression(of: even) == combination[position], let odd = walk.odd
      else { return nil }
      for (position, value) in odd.enumerated() where below.results[position] == nil {
        guard let value else { continue }
        guard let element = source(value, half) else { return nil }
        below.results[position] = value
        below.elements[position] = element
      }
    }
    return below
  }

  /// What a level of a length combines to one of its results.
  private func source(_ result: ValueID, _ length: Int) -> ValueID? {
    length == 1 ? result : interleavings[result]?.source
  }

  /// What a level interleaves to one of its results.
  private func rung(_ level: Level, _ position: Int) -> Interleaving? {
    guard let result = level.results[position], let rung = interleavings[result],
      rung.axis == level.axis, rung.length == level.length,
      rung.source == level.elements[position]
    else { return nil }
    return rung
  }

  /// A walk from a value to the slices of a level's elements and results that it combines.
  private struct ExpressionWalk {
    let search: LadderSearch
    var level: Level
    /// The results of the level below, where the combination is that of even places; nil for that of
    /// neighbours.
    var odd: [ValueID?]?
    /// Whether elements that were not known yet may be found.
    let mayGrow: Bool
    /// What combines neighbours, as far as it is known.
    var combination: [LadderExpression?] = []
    private var expression = LadderExpression()
    private var places: [LadderExpression.Node: Int] = [:]
    private var known: [ValueID: Int] = [:]
    private let shape: [Int]

    init(search: LadderSearch, level: Level, odd: [ValueID?]?, mayGrow: Bool) {
      (self.search, self.level, self.odd, self.mayGrow) = (search, level, odd, mayGrow)
      let first = level.elements.lazy.compactMap(\.self).first
      var shape = first.map { search.function[$0].shape } ?? []
      if !shape.isEmpty {
        shape[level.axis] = odd == nil ? level.length / 2 : (level.length - 1) / 2
      }
      self.shape = shape
    }

    /// The expression of a value; nil where it is none of the level's slices alone.
    mutating func expression(of value: ValueID) -> LadderExpression? {
      guard let last = place(of: value), last == expression.nodes.count - 1 else { return nil }
      return expression
    }

    /// Where a value's node stands.
    private mutating func place(of value: ValueID) -> Int? {
      if let place = known[value] { return place }
      guard search.function[value].shape == shape, let node = node(of: value) else { return nil }
      if let place = places[node] {
        known[value] = place
        return place
      }
      guard expression.nodes.count < LadderExpression.limit else { return nil }
      expression.nodes.append(node)
      places[node] = expression.nodes.count - 1
      known[value] = expression.nodes.count - 1
      return expression.nodes.count - 1
    }

    /// What a value is.
    private mutating func node(of value: ValueID) -> LadderExpression.Node? {
      if let leaf = leaf(value) { return leaf }
      guard let operation = search.definition(value) else { return nil }
      switch operation.op {
      case .unary, .binary, .compare, .select, .convert:
        var operands: [Int] = []
        for operand in operation.operands {
          guard let place = place(of: operand) else { return nil }
          operands.append(place)
        }
        return .apply(operation.op, operands)
      case .shape(.broadcast) where search.function[operation.operands[0]].isScalar:
        if case .constant(let literal) = search.definition(operation.operands[0])?.op {
          return .splat(literal)
        }
        return .scalar(operation.operands[0])
      default: return nil
      }
    }

    /// The element that a value is a slice of.
    private mutating func leaf(_ value: ValueID) -> LadderExpression.Node? {
      if odd != nil, !level.length.isMultiple(of: 2), let element = oddElement(value) {
        return .leaf(isBefore: true, element)
      }
      guard let part = search.slice(value, level.axis), part.count == shape[level.axis] else {
        return nil
      }
      if odd != nil, part.start == 0, part.stride == 1 || part.count == 1,
        level.length.isMultiple(of: 2), let element = oddElement(part.source)
      {
        return .leaf(isBefore: true, element)
      }
      guard part.stride == 2 || part.count == 1, part.start == 2 || odd == nil,
        part.start <= 1 || odd != nil, let element = element(part.source)
      else { return nil }
      return .leaf(isBefore: part.start == 0, element)
    }

    /// The number of one of the results of the level below; one that was not met yet gets the first
    /// free one.
    private mutating func oddElement(_ value: ValueID) -> Int? {
      if let known = odd?.firstIndex(of: value) { return known }
      guard let free = odd?.firstIndex(of: nil) else { return nil }
      if level.length / 2 == 1 {
        // The last level has nothing to interleave: it is a combination of neighbours.
        var walk = ExpressionWalk(search: search, level: level, odd: nil, mayGrow: false)
        guard let found = walk.expression(of: value), found == combination[free] else { return nil }
      } else {
        guard let rung = search.interleavings[value], rung.length == level.length / 2,
          rung.axis == level.axis
        else { return nil }
      }
      odd?[free] = value
      return free
    }

    /// The number of one of the level's elements; one that was not met yet gets the first free one, or
    /// one more.
    private mutating func element(_ value: ValueID) -> Int? {
      guard search.function[value].shape[level.axis] == level.length else { return nil }
      if let known = level.elements.firstIndex(of: value) { return known }
      if let free = level.elements.firstIndex(of: nil) {
        level.elements[free] = value
        return free
      }
      guard mayGrow else { return nil }
      let results = search.interleavings.filter {
        $0.value.source == value && $0.value.length == level.length
          && $0.value.axis == level.axis && !level.results.contains($0.key)
      }
      level.elements.append(value)
      level.results.append(results.count == 1 ? results.first?.key : nil)
      return level.elements.count - 1
    }
  }
}
