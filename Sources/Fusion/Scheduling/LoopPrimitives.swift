internal import LoopIR
internal import TensorIR

// The primitives that schedule passes are compositions of: split, reorder by way of scalar replacement,
// distribute with scalar expansion, and copy. Each keeps what the kernel computes where the dependence
// analysis has granted it; passes ask before, and say what it is worth.

extension Kernel {
  // MARK: Split

  /// A loop over strips of a loop's iterations, which is empty, and the loop over those of a strip
  /// (strip-mining).
  ///
  ///     for i in 0..<100 { … }   →   for strip in 0..<7 { for i in strip*16..<min(strip*16+16, 100) { … } }
  mutating func split(_ loop: Loop, by size: Int, named name: String) -> (strips: Loop, strip: Loop)
  {
    let extent = variables[loop.variable.index].extent
    let strips = Loop(newVariable(name, extent: (extent + size - 1) / size))
    var strip = loop
    strip.range = .block(strips.variable, size: size)
    return (strips, strip)
  }

  // MARK: Copies

  /// A variable of a loop's name.
  mutating func withVariable(like loop: Loop, extent: Int) -> VariableID {
    newVariable(variables[loop.variable.index].name, extent: extent)
  }

  /// The loop with a new variable.
  mutating func withOwnVariable(_ loop: Loop) -> Loop {
    var result = loop
    result.variable = withVariable(like: loop, extent: variables[loop.variable.index].extent)
    result.body = loop.body.map {
      $0.replacing(loop.variable, by: IndexExpression(result.variable))
    }
    return result
  }

  /// The body of a loop with scalars of its own, for another iteration.
  mutating func copy(of loop: Loop, at place: IndexExpression) -> [Node] {
    var names: [ScalarID: ScalarID] = [:]
    for scalar in loop.body.flatMap(\.definedScalars) { names[scalar] = newScalar(like: scalar) }
    return loop.body.map { node in
      node.renamingScalars { names[$0] ?? $0 }.replacing(loop.variable, by: place)
    }
  }

  /// A scalar of another one's type.
  mutating func newScalar(like scalar: ScalarID) -> ScalarID { newScalar(scalars[scalar.index]) }

  // MARK: Scalar replacement

  /// What a loop does instead of combining into an element of memory that is the same for all its
  /// iterations, and what is done behind it.
  ///
  ///     for i { y += x[i] }   →   acc s; for i { s += x[i] }; y += s
  ///
  /// - Parameter loop: gets the accumulator.
  mutating func replacing(
    _ store: Store, _ kind: Reduction.Kind, in loop: inout Loop
  ) -> (inside: Node, behind: Store) {
    let sum = newScalar(like: store.value)
    loop.accumulators.append(Accumulator(sum, kind))
    var behind = store
    behind.value = sum
    return (.accumulate(sum, value: store.value), behind)
  }
}

extension Node {
  /// The node with an index in a variable's place.
  fileprivate func replacing(_ variable: VariableID, by place: IndexExpression) -> Node {
    mappingIndices { index in
      index.substituting(variable: { $0 == variable ? place : IndexExpression($0) })
    }
  }
}

// MARK: - Distribution

/// Writes the parts of a loop's body as bodies of loops of their own over one strip of its iterations
/// (loop distribution).
///
///     for i { t = f(x[i]); y[p[i]] += t }   →   for i { l[i] = f(x[i]) }; for i { t = l[i]; y[p[i]] += t }
///
/// Scalars that go from part to part become arrays (scalar expansion), and so do local arrays that one part
/// writes for another.
struct LoopDistribution {
  /// The kernel, with the tables that the parts need.
  var kernel: Kernel
  private let nodes: [Node]
  /// The scalars that each node reads, with what stands in its loop.
  private let reads: [Set<ScalarID>]
  /// The node that each scalar of the body comes from.
  private let definers: [ScalarID: Int]
  /// The nodes that stand in every part that reads them.
  private let repeated: Set<Int>
  /// The iteration's place in its strip.
  private let place: IndexExpression
  /// The iterations of a strip.
  private let size: Int
  /// The arrays that carry scalars from part to part.
  private var arrays: [ScalarID: Int] = [:]
  /// The local arrays of an iteration that become arrays for a strip, with the elements of an iteration.
  private var widened: [Int: Int] = [:]
  /// Repeated nodes that are written somewhere.
  private var written = Set<Int>()

  init(
    of nodes: [Node], reading reads: [Set<ScalarID>], _ definers: [ScalarID: Int],
    repeating repeated: Set<Int>, in kernel: Kernel, at place: IndexExpression, size: Int
  ) {
    (self.nodes, self.reads, self.definers) = (nodes, reads, definers)
    (self.repeated, self.kernel, self.place, self.size) = (repeated, kernel, place, size)
  }

  /// Gives every iteration of a strip a local array of its own.
  mutating func expand(_ local: Int) {
    widened[local] = kernel.locals[local].count
    kernel.locals[local].shape.insert(size, at: 0)
  }

  /// Makes an array for a scalar that other parts read.
  mutating func expand(_ scalar: ScalarID) {
    arrays[scalar] = kernel.locals.count
    kernel.locals.append(Kernel.Local(element: kernel.scalars[scalar.index], count: size))
  }

  /// Nodes that stand together, with those without a part that they read, and what comes from
  /// others.
  mutating func body(of own: Set<Int>) -> [Node] {
    var needed = Set<ScalarID>()
    var held = [Int]()
    for position in nodes.indices.reversed() {
      let isRepeated = repeated.contains(position) && defines(position, anyOf: needed)
      guard own.contains(position) || isRepeated else { continue }
      held.append(position)
      needed.formUnion(reads[position])
    }
    var names: [ScalarID: ScalarID] = [:]
    var body = [Node]()
    for scalar in needed.sorted() {
      guard let array = arrays[scalar], let definer = definers[scalar], !own.contains(definer)
      else { continue }
      let taken = kernel.newScalar(like: scalar)
      names[scalar] = taken
      body.append(.define(taken, .load(.local(array), place, condition: nil)))
    }
    for position in held.reversed() {
      let node = nodes[position]
      if case .define(let scalar, _) = node, !own.contains(position),
        !written.insert(position).inserted
      {
        names[scalar] = kernel.newScalar(like: scalar)
      }
      body.append(renamed(node, names))
      body += handOver(from: position)
    }
    return body
  }

  private func defines(_ position: Int, anyOf scalars: Set<ScalarID>) -> Bool {
    guard case .define(let scalar, _) = nodes[position] else { return false }
    return scalars.contains(scalar)
  }

  private func renamed(_ node: Node, _ names: [ScalarID: ScalarID]) -> Node {
    let moved = [node].mappingAccesses { memory, address in
      guard case .local(let local) = memory, let count = widened[local] else {
        return (memory, address)
      }
      return (memory, address + place * count)
    }
    return moved[0].renamingScalars { names[$0] ?? $0 }
  }

  /// Stores of what a node leaves to other parts.
  private func handOver(from position: Int) -> [Node] {
    definers.filter { $0.value == position }.keys.sorted().compactMap { scalar in
      arrays[scalar].map { .store(Store(.local($0), place, scalar)) }
    }
  }
}
