extension DependenceAnalysis {
  // MARK: Questions about local arrays

  /// Whether each iteration of a loop may have a local array of its own: every element that it reads it
  /// has written before, and nothing else uses the array.
  package func mayPrivatize(_ local: Int, to loop: Loop) -> Permission {
    let memory = Memory.local(local)
    var inside = SiteCollector(kernel) { $0 == memory }
    inside.collect(loop.body, leader: loop.variable)
    guard inside.sites.count == kernel.body.accesses.count(where: { $0.memory == memory }) else {
      return .refused(.shape)
    }
    return areWrittenFirst(inside.sites) ? .granted : .refused(.meeting(memory))
  }

  /// Whether blocks of the rows of some steps may keep a memory in local arrays: what a row of any step
  /// touches of it are elements of the row's own, one row behind the other, and no step reads
  /// what the steps before it, or itself, have not written.
  ///
  /// - Parameter count: the elements of a row.
  package func mayKeepRows(of memory: Memory, in steps: [Node], count: Int) -> Permission {
    for step in steps {
      for access in [step].accesses where access.memory == memory {
        guard let row = step.rows else { return .refused(.shape) }
        let rest = access.address + IndexExpression(row) * -count
        guard !rest.uses(row), ranges.range(of: rest).isInside(0..<count) else {
          return .refused(.meeting(memory))
        }
      }
    }
    var collector = SiteCollector(kernel) { $0 == memory }
    collector.collect(steps, leader: VariableID(-1))
    return areWrittenFirst(collector.sites) ? .granted : .refused(.meeting(memory))
  }

  // MARK: What writes cover

  /// Whether the writes among the sites of one memory in a loop's body have written, in each iteration,
  /// every element that a site behind them reads.
  func areWrittenFirst(_ sites: [AccessSite]) -> Bool {
    let writes = sites.filter { !$0.access.isRead && $0.access.condition == nil }
    return sites.allSatisfy { !$0.access.isRead || cover(writes, $0) }
  }

  /// Whether some writes together have written all that a read behind them reads, in each iteration of
  /// the loops that hold them all.
  private func cover(_ writes: [AccessSite], _ read: AccessSite) -> Bool {
    [true, false].contains { matchesAll in
      var runs: [CoveredAccess.Read: [ClosedRange<Int>]] = [:]
      for write in writes where write.position < read.position {
        var pair = CoveredAccess(write, read, analysis: self)
        pair.match(all: matchesAll)
        guard let (read, elements) = pair.runs else { continue }
        runs[read, default: []] += elements
      }
      return runs.contains { $0.key.isCovered(by: $0.value) }
    }
  }
}

/// A write and a read of one memory as far as loops differ that hold them.
private struct CoveredAccess {
  /// The elements that a read needs in one iteration of so many loops that hold both.
  struct Read: Hashable {
    var common: Int
    var start: IndexExpression
    var offsets: ClosedRange<Int>

    /// Whether runs of elements together hold all that are needed.
    func isCovered(by runs: [ClosedRange<Int>]) -> Bool {
      var next = offsets.lowerBound
      for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) where run.lowerBound <= next {
        next = max(next, run.upperBound + 1)
      }
      return next > offsets.upperBound
    }
  }

  private let analysis: DependenceAnalysis
  /// How many loops hold both.
  private let common: Int
  private let memory: Memory
  private let ranges: IndexRanges
  private var written: IndexExpression
  private var wanted: IndexExpression
  /// The loops that hold the write alone, and those that hold the read alone.
  private var writing: [LoopFrame]
  private var reading: [LoopFrame]

  init(_ write: AccessSite, _ read: AccessSite, analysis: DependenceAnalysis) {
    self.analysis = analysis
    common = zip(write.frames, read.frames).prefix { $0 == $1 }.count
    memory = read.access.memory
    (written, wanted) = (write.access.address, read.access.address)
    writing = Array(write.frames[common...])
    reading = Array(read.frames[common...])
    let bounds = read.access.condition.flatMap { analysis.guards[$0] }
    ranges = bounds.map { analysis.ranges.narrowed(by: $0) } ?? analysis.ranges
  }

  /// Takes out loops that go over the same iterations and move both places alike, so that only what is
  /// left has to be compared: those over the rows of one block, or all.
  mutating func match(all: Bool) {
    for frame in reading where all || lead(of: frame, in: reading)?.step != 0 {
      guard let coefficient = wanted.coefficient(of: frame.variable), coefficient != 0,
        let partner = writing.first(where: {
          goOverTheSame($0, frame) && written.coefficient(of: $0.variable) == coefficient
        })
      else { continue }
      written += IndexExpression(partner.variable) * -coefficient
      wanted += IndexExpression(frame.variable) * -coefficient
      dropWriting(partner)
      reading.removeAll { $0 == frame }
    }
  }

  /// Takes out a loop that holds the write, with those that only say which of its rows there are.
  private mutating func dropWriting(_ frame: LoopFrame) {
    guard !written.uses(frame.variable) else { return }
    writing.removeAll { $0 == frame }
    if let leader = writing.first(where: { $0.variable == frame.lead?.variable }) {
      dropWriting(leader)
    }
  }

  /// Whether a loop that holds the write and one that holds the read have the same iterations.
  private func goOverTheSame(_ first: LoopFrame, _ second: LoopFrame) -> Bool {
    guard analysis.extent(first.variable) == analysis.extent(second.variable),
      let own = lead(of: first, in: writing), let other = lead(of: second, in: reading)
    else { return false }
    return own == other
  }

  /// What a loop follows outside of all of some loops, with those of them that it follows: the rows of the
  /// strips of a block are those of the block. Without a step where it follows nothing; nil where one of
  /// the loops may end early, or follows a part of another one.
  private func lead(of frame: LoopFrame, in frames: [LoopFrame]) -> LoopFrame.Lead? {
    guard !frame.mayEndEarly else { return nil }
    guard let lead = frame.lead else {
      return LoopFrame.Lead(variable: VariableID(-1), part: .whole, step: 0)
    }
    guard let leader = frames.first(where: { $0.variable == lead.variable }) else { return lead }
    guard lead.part == .whole, var outer = self.lead(of: leader, in: frames) else { return nil }
    outer.step = outer.step.multipliedReportingOverflow(by: lead.step).partialValue
    return outer
  }

  /// The elements that the write covers, counted as those that the read needs; nil where that is not
  /// known.
  var runs: (read: Read, elements: [ClosedRange<Int>])? {
    guard writing.allSatisfy({ goesOverAll($0) && analysis.extent($0.variable) > 0 }),
      let covered = runsWritten, let read = readSpan,
      let gap = (covered.start + read.start * -1).constantValue
    else { return nil }
    return (read, covered.runs.map { $0.adding(gap...gap) })
  }

  /// Whether a loop that holds the write has all iterations of its variable, those of all strips together
  /// where it follows one; the write's place says nothing of strips then.
  private func goesOverAll(_ frame: LoopFrame) -> Bool {
    guard !frame.mayEndEarly else { return false }
    guard let lead = frame.lead else { return true }
    guard lead.part == .whole, !written.uses(lead.variable),
      let leader = writing.first(where: { $0.variable == lead.variable })
    else { return false }
    let count = analysis.extent(leader.variable).multipliedReportingOverflow(by: lead.step)
    return !count.overflow && count.partialValue >= analysis.extent(frame.variable)
      && goesOverAll(leader)
  }

  /// Writes of more runs of elements are not looked at.
  private static let mostRuns = 256

  /// The runs of elements that the write goes over, counted from where it starts; nil where that is not
  /// known.
  private var runsWritten: (start: IndexExpression, runs: [ClosedRange<Int>])? {
    guard !written.isLookedUp else { return nil }
    var (start, runs) = (written, [0...0])
    let moving = written.terms.filter { term in
      writing.contains { IndexExpression(term.atom).uses($0.variable) }
    }
    for term in moving.sorted(by: { $0.coefficient.magnitude < $1.coefficient.magnitude }) {
      guard case .variable(let variable) = term.atom, term.coefficient > 0 else { return nil }
      start += IndexExpression(variable) * -term.coefficient
      let (step, extent) = (term.coefficient, analysis.extent(variable))
      if runs.count == 1, step <= runs[0].upperBound + 1 {
        runs = [0...(runs[0].upperBound + (extent - 1) * step)]
      } else {
        guard runs.count * extent <= Self.mostRuns else { return nil }
        runs = (0..<extent).flatMap { number in
          runs.map { $0.adding((number * step)...(number * step)) }
        }
      }
    }
    return (start, runs)
  }

  /// What the read needs; nil where that is not known.
  private var readSpan: Read? {
    var start = wanted
    for term in wanted.terms {
      let atom = IndexExpression(term.atom)
      guard atom.isLookedUp || reading.contains(where: { atom.uses($0.variable) }) else { continue }
      start += atom * -term.coefficient
    }
    let offsets = ranges.range(of: wanted + start * -1)
    guard offsets == .unknown else { return read(from: start, offsets) }
    // A place that is looked up is in the array.
    let count = analysis.elementCount(of: memory)
    return count > 0 ? read(from: IndexExpression(0), 0...(count - 1)) : nil
  }

  private func read(from start: IndexExpression, _ offsets: ClosedRange<Int>) -> Read {
    Read(common: common, start: start, offsets: offsets)
  }
}
