internal import LoopIR
internal import TensorIR

extension Audit {
  /// What an audit found.
  struct Findings {
    /// A value that would be computed repeatedly, with how often each element: 100 is once.
    struct Repetition {
      var value: ValueID
      /// At the place where it is most often.
      var count: Int
      /// Over all places at which the value is needed, together; zero of reductions.
      var total = 0
    }

    /// An axis along which a value is needed at each place that one loop counts.
    struct LoopAxis {
      var depth: Int
      var extent: Int
    }

    /// Values read from memory.
    var reads: [ValueID] = []
    /// How the outermost loop goes over each of them.
    var walks: [ValueID: OutermostWalk] = [:]
    /// Those of them that are read at another place than the one stored.
    var readElsewhere: [ValueID] = []
    /// Reductions the nest would compute itself.
    var folds: [Repetition] = []
    /// Costly elementwise values the nest would compute itself.
    var costly: [Repetition] = []
    /// Values that cannot be computed inside a nest at all.
    var impossible: [ValueID] = []
    /// Values the nest would compute itself, reductions and the root included.
    var inside: [ValueID] = []
    /// Values the nest takes from what the kernel it joins computes at the same place.
    var met: [ValueID] = []
    /// Those of them that it does not compute itself at another place.
    var metOnly: [ValueID] = []
    /// Values that are better stored.
    var crowded: [ValueID] = []
    /// How many demands were looked at.
    var steps: Int
    /// How many elements are computed, each at one place.
    var work: Int
    /// Whether there are more demands than the limit, so that not all were looked at.
    var isTooLarge: Bool
    /// Where the root's loops could be split so that conditions hold on all of one side; by axis.
    var breaks: [Int: Set<Int>]
    /// How many demands only serve pieces of concatenations.
    var pieceSteps: Int
    /// The places at which values are needed that the kernel writes; an axis that is no loop's is nil.
    var placesOfOwn: [[LoopAxis?]]
    /// Whether it needs such values at the places of neighbours.
    var needsNeighboursOfOwn: Bool

    /// Whether a value that is read is only read at the index that is stored.
    func readsOnlyInPlace(_ value: ValueID) -> Bool { !readElsewhere.contains(value) }

    /// The order in which loops over all axes of values of a shape would have to be nested to go over
    /// those that the kernel writes as the nest does; nil where the nest needs none of them, or more
    /// than each element once.
    func order(ofOwn shape: [Int]) -> [Int]? {
      let places = placesOfOwn.filter { $0.count == shape.count }
      guard places.count == 1, let place = places.first else { return nil }
      var depths = [Int](repeating: 0, count: shape.count)
      for (axis, loop) in place.enumerated() where shape[axis] != 1 {
        guard let loop, loop.extent == shape[axis] else { return nil }
        depths[axis] = loop.depth
      }
      let order = shape.indices.sorted { (depths[$0], $0) < (depths[$1], $1) }
      let looped = depths.filter { $0 > 0 }.sorted()
      return looped == Array(1...max(looped.count, 1)) ? order : nil
    }

    /// The same findings about other values.
    func mapping(_ other: (ValueID) -> ValueID) -> Findings {
      func repetitions(_ list: [Repetition]) -> [Repetition] {
        list.map { Repetition(value: other($0.value), count: $0.count, total: $0.total) }
      }
      var mapped = self
      mapped.reads = reads.map(other)
      mapped.walks = [:]
      for (value, walk) in walks { mapped.walks[other(value)] = walk }
      mapped.readElsewhere = readElsewhere.map(other)
      mapped.folds = repetitions(folds)
      mapped.costly = repetitions(costly)
      mapped.impossible = impossible.map(other)
      mapped.inside = inside.map(other)
      mapped.met = met.map(other)
      mapped.metOnly = metOnly.map(other)
      mapped.crowded = crowded.map(other)
      return mapped
    }
  }

  /// What was found.
  var findings: Findings {
    var found = Findings(
      steps: steps, work: work, isTooLarge: isTooLarge, breaks: breaks, pieceSteps: pieceSteps,
      placesOfOwn: placesOfOwn, needsNeighboursOfOwn: needsNeighboursOfOwn)
    for note in notes {
      let (value, marks) = (note.value, note.marks)
      if let walk = note.walk {
        found.reads.append(value)
        found.walks[value] = walk
      }
      if marks.contains(.readElsewhere) { found.readElsewhere.append(value) }
      if let count = note.fold {
        found.folds.append(Findings.Repetition(value: value, count: count))
      }
      if let count = note.costly {
        found.costly.append(
          Findings.Repetition(value: value, count: count, total: note.costlyTotal))
      }
      if marks.contains(.impossible) { found.impossible.append(value) }
      if marks.contains(.inside) { found.inside.append(value) }
      if marks.contains(.met) { found.met.append(value) }
      if marks.contains(.met), !marks.contains(.inside) { found.metOnly.append(value) }
      if marks.contains(.crowded) { found.crowded.append(value) }
    }
    return found
  }
}

/// What audits found, for subgraphs that are equal.
struct KnownFindings {
  /// Findings about the first such subgraph, or about its values' numbers.
  private struct Entry {
    var findings: Audit.Findings
    /// The values of the first subgraph; nil where the findings are about numbers.
    var values: [ValueID]?
  }

  private var entries: [SubgraphKey: Entry] = [:]

  /// What was found for an equal subgraph, in terms of this one's values.
  mutating func findings(for subgraph: Subgraph) -> Audit.Findings? {
    guard let entry = entries[subgraph.key] else { return nil }
    var findings = entry.findings
    if let values = entry.values {
      let numbers = Dictionary(
        uniqueKeysWithValues: values.enumerated().map { ($0.element, ValueID($0.offset)) })
      findings = findings.mapping { value in
        guard let number = numbers[value] else {
          preconditionFailure("an audit finds only what its subgraph describes")
        }
        return number
      }
      entries[subgraph.key] = Entry(findings: findings, values: nil)
    }
    return findings.mapping { subgraph.values[$0.index] }
  }

  /// Notes what was found for a subgraph.
  mutating func note(_ findings: Audit.Findings, for subgraph: Subgraph) {
    entries[subgraph.key] = Entry(findings: findings, values: subgraph.values)
  }
}
