extension DependenceAnalysis {
  // MARK: Questions about several loops

  /// Whether two loops, one of which holds nothing but the other, may change places.
  package func mayInterchange(_ outer: Loop, _ inner: Loop) -> Permission {
    mayPermute([outer, inner])
  }

  /// Whether loops, each of which holds nothing but the next, may stand in any order, and so be cut
  /// into tiles.
  package func mayPermute(_ nest: [Loop]) -> Permission {
    guard let innermost = nest.last, isPerfect(nest) else { return .refused(.shape) }
    let written = innermost.body.writtenMemory
    guard !written.isEmpty else { return .granted }
    var collector = SiteCollector(kernel) { written.contains($0) }
    collector.collect(innermost.body, leader: innermost.variable)
    let variables = Set(nest.map(\.variable))
    for memory in written.sorted() {
      let sites = collector.sites.filter { $0.access.memory == memory }
      for (position, first) in sites.enumerated() {
        for second in sites[position...]
        where first.access.isWrite || second.access.isWrite {
          let distances = nest.map { loop in
            distance(first, second, over: loop, free: variables, collector.scalars)
          }
          if !Self.areInOrder(distances) { return .refused(.meeting(memory)) }
        }
      }
    }
    return .granted
  }

  private func isPerfect(_ nest: [Loop]) -> Bool {
    zip(nest, nest.dropFirst()).allSatisfy { outer, inner in
      outer.body.count == 1 && outer.body[0] == .loop(inner) && inner.accumulators.isEmpty
        && inner.range == .full && outer.carries.isEmpty && inner.carries.isEmpty
    }
  }

  private func distance(
    _ first: AccessSite, _ second: AccessSite, over loop: Loop, free: Set<VariableID>,
    _ scalars: Set<ScalarID>
  ) -> Distance {
    var (first, second) = (first, second)
    (first.leader, second.leader) = (loop.variable, loop.variable)
    let test = DependenceTest(
      ranges: ranges, guards: guards, extent: extent(loop.variable), scalars: scalars,
      free: free.subtracting([loop.variable]))
    return test.distance(first, second, shapes: shapes(of: first.access.memory))
  }

  /// Whether distances along loops that touch one element stay forward, or backward, in any order of
  /// the loops: none goes forward along one and backward along another.
  private static func areInOrder(_ distances: [Distance]) -> Bool {
    let moving = distances.compactMap { distance -> ClosedRange<Int>? in
      guard case .within(let range) = distance, range != 0...0 else { return nil }
      return range
    }
    return distances.contains(.never) || moving.count <= 1
      || moving.allSatisfy { $0.lowerBound >= 0 } || moving.allSatisfy { $0.upperBound <= 0 }
  }

  /// Whether loops over the same rows, one after the other, may be one loop that does each row from the
  /// first to the last.
  ///
  /// - Parameter steps: loops and products; the rows of a product are its rows.
  package func mayFuse(_ steps: [Node]) -> Permission {
    order(of: steps)
  }

  /// Whether the parts of a loop's body, in this order, may be loops of their own, one after the other.
  ///
  /// Scalars that go from part to part have to be expanded.
  ///
  /// - Parameter expanded: local arrays of which every iteration gets one.
  package func mayDistribute(
    _ loop: Loop, into parts: [[Node]], expanding expanded: Set<Int> = []
  ) -> Permission {
    let steps = parts.map { part -> Node in
      var step = loop
      step.body = part
      step.accumulators = []
      return .loop(step)
    }
    return order(of: steps, expanding: expanded)
  }

  /// Whether no row of some steps touches what another row of any of them writes: then blocks of rows
  /// can go from the first step to the last one in any order.
  ///
  /// - Parameters:
  ///   - reduced: memory of which every block gets an array of its own to combine into.
  ///   - touched: the memory that is looked at; nil is all.
  package func mayShareRows(
    _ steps: [Node], reducing reduced: Set<Memory> = [], touching touched: Set<Memory>? = nil
  ) -> Permission {
    guard let (sites, test) = rows(of: steps) else { return .refused(.shape) }
    let written = steps.writtenMemory.filter { memory in
      guard case .slot = memory else { return false }
      return touched?.contains(memory) ?? true
    }
    let kept = sites.filter {
      $0.access.combining == nil || !reduced.contains($0.access.memory)
    }
    return separate(kept, written, test) { _, _ in false }
  }

  /// Whether what a row of a step touches is touched by the same row of later steps, or a later one, if
  /// one of the two writes: then it does not matter whether steps or rows come first.
  private func order(of steps: [Node], expanding expanded: Set<Int> = []) -> Permission {
    guard let (sites, test) = rows(of: steps) else { return .refused(.shape) }
    let sums = Set(steps.flatMap(\.sums))
    var readsSums = false
    steps.forEachNode { $0.forEachOwnScalar { readsSums = readsSums || sums.contains($0) } }
    if readsSums { return .refused(.sum) }
    for memory in steps.writtenMemory.sorted() {
      if case .local(let local) = memory, expanded.contains(local) { continue }
      let own = sites.filter { $0.access.memory == memory }
      for (position, first) in own.enumerated() {
        for second in own[(position + 1)...]
        where first.step != second.step && (first.access.isWrite || second.access.isWrite) {
          let distance = test.distance(first, second, shapes: shapes(of: memory))
          guard case .within(let range) = distance else { continue }
          if range.lowerBound < 0 { return .refused(.meeting(memory)) }
        }
      }
    }
    return .granted
  }

  /// The accesses of steps over the same rows, told apart by row, and the test of their rows; nil where
  /// the rows are not the same.
  private func rows(of steps: [Node]) -> (sites: [AccessSite], test: DependenceTest)? {
    var rows = [Loop]()
    for step in steps {
      guard let loop = step.rowLoop, loop.carries.isEmpty else { return nil }
      rows.append(loop)
    }
    guard let first = rows.first,
      rows.allSatisfy({ extent($0.variable) == extent(first.variable) && $0.range == first.range })
    else { return nil }
    let written = steps.writtenMemory
    var collector = SiteCollector(kernel) { written.contains($0) }
    for (number, row) in rows.enumerated() {
      collector.step = number
      if case .contract(let contract) = steps[number] {
        collector.collect(contract, leader: row.variable, in: [])
      } else {
        collector.collect(row.body, leader: row.variable)
      }
    }
    let test = DependenceTest(
      ranges: ranges, guards: guards, extent: extent(first.variable), scalars: collector.scalars)
    return (collector.sites, test)
  }
}

extension Loop {
  /// Whether some iterations at a time may be carried out together, node by node (unroll and jam): of
  /// two nodes that touch one memory neither writes it, so that what the first of them does for a later
  /// iteration does not matter to the second.
  package var mayBeJammed: Permission {
    guard range == .full else { return .refused(.shape) }
    guard carries.isEmpty else { return .refused(.carry) }
    var (touched, written) = (Set<Memory>(), Set<Memory>())
    for node in body {
      switch node {
      case .loop, .contract: return .refused(.shape)
      case .define, .store, .accumulate: break
      }
      guard let access = node.access else { continue }
      let isTouched = !touched.insert(access.memory).inserted
      let isWritten = written.contains(access.memory) || access.isWrite
      if isTouched && isWritten { return .refused(.meeting(access.memory)) }
      if access.isWrite { written.insert(access.memory) }
    }
    return .granted
  }
}

extension Node {
  /// The loop over the node's rows; that of a product has no body.
  fileprivate var rowLoop: Loop? {
    switch self {
    case .loop(let loop): loop
    case .contract(let contract): Loop(contract.row)
    case .define, .store, .accumulate: nil
    }
  }

  /// What the loop sums up.
  fileprivate var sums: [ScalarID] {
    if case .loop(let loop) = self { loop.accumulators.map(\.result) } else { [] }
  }
}
