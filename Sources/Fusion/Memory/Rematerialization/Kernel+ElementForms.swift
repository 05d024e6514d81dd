internal import LoopIR
internal import TensorIR

extension Kernel {
  /// The kernel with what makes elements of a buffer in the place of loads of them; nil where that cannot
  /// be done.
  ///
  ///     Before:  for i { t = v[i]; r[i] = t·c }               where v[i] = x[p[i]]·b
  ///     After:   for i { q = x[p[i]]·b; t = convert q to f32; r[i] = t·c }
  ///
  /// Loops and sums stay as they are, and products are rounded as where the value is stored, so that the
  /// kernel's results have the same bits.
  func inlining(
    _ form: ElementForm, at buffer: BufferID, in program: LoopProgram
  ) -> (kernel: Kernel, addedNanoseconds: Double)? {
    guard let slot = slots.firstIndex(of: buffer), !writtenBuffers.contains(buffer),
      writtenBuffers.isDisjoint(with: form.inputs)
    else { return nil }
    var inliner = ElementInliner(self, form, slot: slot)
    guard let body = inliner.rewritten(body) else { return nil }
    var kernel = inliner.kernel
    kernel.body = body
    kernel.dropUnusedSlots()
    guard kernel.callsFunctions == callsFunctions,
      (try? kernel.verify(in: program)) != nil
    else { return nil }
    return (kernel, inliner.work * ElementInliner.instructionTime)
  }
}

/// Puts what makes elements in the place of loads.
private struct ElementInliner {
  var kernel: Kernel
  private let form: ElementForm
  private let slot: Int
  private let ranges: IndexRanges
  /// The slots that the kernel writes.
  private let written: Set<Int>
  /// What stands for a load.
  private var replacements: [ScalarID: ScalarID] = [:]
  /// What is known to have been computed at the current place.
  private var known: [Expression: ScalarID] = [:]
  /// The slot of each of the form's.
  private var slots: [Int] = []
  /// So many definitions may still be added.
  private var room: Int
  /// The loops around.
  private var loops = LoopNest()
  /// Roughly the instructions that making elements takes.
  private(set) var work = 0.0

  /// The nanoseconds that an instruction takes.
  static let instructionTime = 0.25
  /// A kernel does not grow by more.
  private static let growthLimit = 2048

  init(_ kernel: Kernel, _ form: ElementForm, slot: Int) {
    self.kernel = kernel
    self.form = form
    self.slot = slot
    ranges = IndexRanges(kernel)
    written = kernel.writtenBuffers.reduce(into: []) { written, buffer in
      if let slot = kernel.slots.firstIndex(of: buffer) { written.insert(slot) }
    }
    room = Self.growthLimit
    let inputs = form.inputs
    for buffer in form.kernel.slots {
      if !inputs.contains(buffer) {
        slots.append(0)
      } else if let known = kernel.slots.firstIndex(of: buffer) {
        slots.append(known)
      } else {
        slots.append(self.kernel.slots.count)
        self.kernel.slots.append(buffer)
      }
    }
  }

  /// Nodes without loads from the slot; nil where these stand where no code can.
  mutating func rewritten(_ nodes: [Node]) -> [Node]? {
    let outer = known
    defer { known = outer }
    var result = [Node]()
    for node in nodes {
      switch node {
      case .define(let scalar, .load(.slot(slot), let address, let condition)):
        let load = (address: renamed(address), condition: condition.map { renamed($0) })
        guard let element = element(at: load.address, load.condition, &result) else { return nil }
        guard let condition = load.condition else {
          replacements[scalar] = element
          continue
        }
        let type = TensorType([], kernel.scalars[scalar.index])
        let zero = defined(.literal(Literal(type, filledWith: 0)), scalar, &result)
        result.append(.define(scalar, .apply(.select, [condition, element, zero])))
      case .define(let scalar, _):
        let renamed = node.renamingScalars(self.renamed)
        if case .define(_, let expression) = renamed, isShared(expression) {
          known[expression] = scalar
        }
        result.append(renamed)
      case .store, .accumulate: result.append(node.renamingScalars(renamed))
      case .loop(var loop):
        // Rows are copied as they are.
        if loop.isTiled, loops.lanes > 1, reads(loop.body) { return nil }
        let outer = loops
        loops.enter(loop, kernel)
        guard let body = rewritten(loop.body) else { return nil }
        loops = outer
        loop.body = body
        result.append(Node.loop(loop).renamingScalars(renamed))
      case .contract(var contract):
        let outer = loops
        loops = outer.inLeftFactor(of: contract, kernel)
        guard let left = rewritten(contract.left.body) else { return nil }
        loops = outer.inRightFactor(of: contract, kernel)
        guard let right = rewritten(contract.right.body) else { return nil }
        loops = outer.inEpilogue(of: contract, kernel)
        guard let body = rewritten(contract.body) else { return nil }
        loops = outer
        (contract.left.body, contract.right.body, contract.body) = (left, right, body)
        result.append(Node.contract(contract).renamingScalars(renamed))
      }
    }
    return result
  }

  private func renamed(_ scalar: ScalarID) -> ScalarID { replacements[scalar] ?? scalar }

  private func renamed(_ index: IndexExpression) -> IndexExpression {
    index.substituting(
      variable: { IndexExpression($0) }, scalar: { IndexExpression(.scalar(renamed($0))) })
  }

  /// Whether nodes read from the slot.
  private func reads(_ nodes: [Node]) -> Bool {
    nodes.accesses.contains { $0.memory == .slot(slot) }
  }

  // MARK: Elements

  /// Adds what makes an element.
  ///
  /// - Parameter condition: without it nothing is read.
  private mutating func element(
    at address: IndexExpression, _ condition: ScalarID?, _ nodes: inout [Node]
  ) -> ScalarID? {
    room -= form.definitions.count
    guard room >= 0 else { return nil }
    var mapping = ElementMapping(places: places(of: address), slots: slots)
    for (scalar, expression) in form.definitions {
      var new = mapping.mapped(expression)
      if case .load(let memory, let index, let inner) = new {
        new = .load(memory, index, condition: both(condition, inner, &nodes))
      }
      mapping.scalars[scalar] = defined(new, like: scalar, &nodes)
    }
    return mapping.scalars[form.value]
  }

  /// Adds a definition of the form's, of which a product that is rounded by itself stays so.
  private mutating func defined(
    _ expression: Expression, like scalar: ScalarID, _ nodes: inout [Node]
  ) -> ScalarID {
    if isShared(expression), let known = known[expression] { return known }
    let type = form.kernel.scalars[scalar.index]
    let new = newScalar(type)
    nodes.append(.define(new, expression))
    if isShared(expression) { known[expression] = new }
    work += loops.count * expression.work(lanes: loops.lanes)
    guard type.isFloat, expression.isProduct, !form.contracted.contains(scalar) else { return new }
    let rounded = newScalar(type)
    nodes.append(.define(rounded, .apply(.convert(to: type), [new])))
    return rounded
  }

  /// Adds a definition of the type of one of the kernel's scalars.
  private mutating func defined(
    _ expression: Expression, _ scalar: ScalarID, _ nodes: inout [Node]
  ) -> ScalarID {
    if let known = known[expression] { return known }
    let new = newScalar(kernel.scalars[scalar.index])
    nodes.append(.define(new, expression))
    known[expression] = new
    return new
  }

  /// The condition that two conditions hold.
  private mutating func both(
    _ first: ScalarID?, _ second: ScalarID?, _ nodes: inout [Node]
  ) -> ScalarID? {
    guard let first, let second, first != second else { return first ?? second }
    return defined(.apply(.binary(.and), [first, second]), first, &nodes)
  }

  private mutating func newScalar(_ type: ElementType) -> ScalarID {
    kernel.scalars.append(type)
    return ScalarID(kernel.scalars.count - 1)
  }

  /// Whether equal expressions may be computed once. A product that has more uses would be rounded by
  /// itself.
  private func isShared(_ expression: Expression) -> Bool {
    switch expression {
    case .literal, .index, .inBounds: return true
    case .load(.slot(let slot), _, _): return !written.contains(slot)
    case .load(.local, _, _): return false
    case .apply(.unary(.negate), _): return false
    case .apply: return !expression.isProduct
    }
  }

  /// The index of an element along each axis.
  private func places(of address: IndexExpression) -> [VariableID: IndexExpression] {
    var places: [VariableID: IndexExpression] = [:]
    var rest = address
    for axis in form.axes {
      if axis.stride == 1 {
        places[axis.variable] = rest
        continue
      }
      var (whole, part) = (rest, rest)
      whole.terms.removeAll { !$0.coefficient.isMultiple(of: axis.stride) }
      part.terms.removeAll { $0.coefficient.isMultiple(of: axis.stride) }
      whole.constant = rest.constant.flooredQuotient(by: axis.stride) * axis.stride
      part.constant = rest.constant - whole.constant
      let range = ranges.range(of: part)
      if range.lowerBound >= 0, range.upperBound < axis.stride {
        (places[axis.variable], rest) = (whole.divided(by: axis.stride), part)
      } else {
        places[axis.variable] = rest.divided(by: axis.stride)
        rest = rest.remainder(by: axis.stride)
      }
    }
    return places
  }
}

/// The loops around a place in a kernel, as far as they say how much work is done there.
private struct LoopNest {
  /// How often what stands there is carried out.
  private(set) var count = 1.0
  /// So many iterations are carried out together.
  private(set) var lanes = 1
  /// The iterations of each loop around over blocks.
  private var extents: [VariableID: Int] = [:]

  mutating func enter(_ loop: Loop, _ kernel: Kernel) {
    let extent = kernel.variables[loop.variable.index].extent
    extents[loop.variable] = extent
    count *= Double(extent)
    if case .block(let number, _) = loop.range { count /= Double(max(extents[number] ?? 1, 1)) }
    if case .vector(let width, _) = loop.schedule { lanes = width }
  }

  /// In the left factor of a product, which is made again for each tile of columns.
  func inLeftFactor(of contract: Contract, _ kernel: Kernel) -> LoopNest {
    let tile = contract.tiling.vectors * contract.tiling.width
    return inside(
      [contract.row, contract.depth] + contract.tapList, contract, kernel,
      lanes: contract.tiling.width
    )
    .repeated((kernel.variables[contract.column.index].extent + tile - 1) / tile)
  }

  /// In the right factor of a product, which is made again for each block of rows or each tile of them.
  func inRightFactor(of contract: Contract, _ kernel: Kernel) -> LoopNest {
    let tiling = contract.tiling
    let rows = tiling.panelDepth == nil ? tiling.rows : max(tiling.rowBlock, 1)
    return inside(
      [contract.column, contract.depth] + contract.tapList, contract, kernel, lanes: tiling.width
    ).repeated((kernel.variables[contract.row.index].extent + rows - 1) / rows)
  }

  /// Where a product's finished elements are used.
  func inEpilogue(of contract: Contract, _ kernel: Kernel) -> LoopNest {
    inside([contract.row, contract.column], contract, kernel, lanes: contract.tiling.width)
  }

  private func inside(
    _ variables: [VariableID], _ contract: Contract, _ kernel: Kernel, lanes: Int
  ) -> LoopNest {
    var nest = self
    nest.lanes = lanes
    for variable in variables { nest.count *= Double(kernel.variables[variable.index].extent) }
    if let block = contract.block { nest.count /= Double(max(extents[block.variable] ?? 1, 1)) }
    return nest
  }

  private func repeated(_ times: Int) -> LoopNest {
    var nest = self
    nest.count *= Double(max(times, 1))
    return nest
  }
}

extension Contract {
  /// The variable that counts taps, if there is one.
  fileprivate var tapList: [VariableID] { tap.map { [$0] } ?? [] }
}

extension Expression {
  /// Roughly the instructions that the expression takes for an element, some of which are carried out
  /// together.
  fileprivate func work(lanes: Int) -> Double {
    let shared = Double(lanes)
    switch self {
    case .literal: return 0
    case .index(let index, _): return index.work(lanes)
    case .load(_, let index, _):
      // Elements at computed places are taken one by one.
      return index.isLookedUp ? 2 : index.work(lanes) + 1 / shared
    case .inBounds(let bounds): return bounds.reduce(1 / shared) { $0 + $1.index.work(lanes) }
    case .apply(let op, _): return Double(op.weight) / shared
    }
  }

  /// Whether the expression is a product, which may become part of a multiply-add.
  fileprivate var isProduct: Bool {
    switch self {
    case .apply(.binary(.multiply), _), .apply(.unary(.square), _): true
    case .literal, .index, .load, .inBounds, .apply: false
    }
  }
}

extension IndexExpression {
  /// Roughly the instructions that an index takes for an element: quotients are found one by one.
  fileprivate func work(_ lanes: Int) -> Double {
    terms.reduce(0) { sum, term in
      switch term.atom {
      case .variable: sum
      case .scalar, .lookup: sum + 1
      case .quotient(let inner, _), .remainder(let inner, _): sum + 6 + inner.work(lanes)
      }
    }
  }
}

/// What becomes of the names of a form where its element is made.
private struct ElementMapping: NodeMapping {
  let places: [VariableID: IndexExpression]
  let slots: [Int]
  var scalars: [ScalarID: ScalarID] = [:]

  func scalar(_ scalar: ScalarID) -> ScalarID { scalars[scalar] ?? scalar }

  func index(_ index: IndexExpression) -> IndexExpression {
    index.substituting {
      places[$0] ?? IndexExpression($0)
    } scalar: {
      IndexExpression(.scalar(scalar($0)))
    }
  }

  func access(
    _ memory: Memory, _ address: IndexExpression
  ) -> (memory: Memory, address: IndexExpression) {
    guard case .slot(let slot) = memory else { return (memory, index(address)) }
    return (.slot(slots[slot]), index(address))
  }
}
