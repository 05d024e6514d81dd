/// What a run on paper asks of a graph at every turn, as plain lists of numbers.
///
/// A way to compute something again has a number: that of the value for its recipe, and behind those of all values
/// one for each group.
struct RematerializationLists {
  /// Lists of numbers, one after the other.
  struct Lists {
    /// Where each list starts, and where the last one ends.
    let starts: [Int]
    let items: [Int]

    init(_ lists: [[Int]]) {
      var starts = [0]
      for list in lists { starts.append(starts[starts.count - 1] + list.count) }
      self.starts = starts
      items = lists.flatMap { $0 }
    }

    /// Where the items of a list are.
    func places(of list: Int) -> Range<Int> { starts[list]..<starts[list + 1] }

    subscript(_ list: Int) -> ArraySlice<Int> { items[places(of: list)] }
  }

  /// The steps that use each value, in order.
  let uses: Lists
  /// The values with ways that read each value.
  let dependents: Lists
  /// What each way reads.
  let inputs: Lists
  /// What each way takes.
  let nanoseconds: [Double]
  /// The way by each value's group.
  let groupWays: [Int]
  /// Whether a value's group may run again.
  let isRepeatable: [Bool]
  let hasRecipe: [Bool]
  let isStable: [Bool]
  let isArena: [Bool]
  /// Whether dropping a value makes room, and what is computed again is the same.
  let mayBeDropped: [Bool]
  let byteCounts: [Int]

  init(_ graph: RematerializationGraph) {
    let (values, groups) = (graph.values, graph.groups)
    let recipes = values.indices.map { $0 < graph.recipes.count ? graph.recipes[$0] : nil }
    uses = Lists(values.map(\.uses))
    dependents = Lists(values.map(\.dependents))
    inputs = Lists(recipes.map { $0?.inputs ?? [] } + groups.map(\.inputs))
    nanoseconds = recipes.map { $0?.nanoseconds ?? .infinity } + groups.map(\.nanoseconds)
    groupWays = values.map { values.count + $0.group }
    isRepeatable = values.map { groups[$0.group].isRepeatable }
    hasRecipe = recipes.map { $0 != nil }
    isStable = values.map(\.isStable)
    isArena = values.map(\.isArena)
    mayBeDropped = values.map { $0.isArena && $0.isStable && $0.byteCount > 0 }
    byteCounts = values.map(\.byteCount)
  }
}
