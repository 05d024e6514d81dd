internal import TensorIR

/// Writes a kernel's statements as lines of text.
///
/// A scalar that is used once, by a later statement of the same body, is written at its use; a read
/// of memory only where no store stands between.
struct KernelPrinter {
  let kernel: Kernel
  let program: LoopProgram
  let ranges: IndexRanges
  /// The scalars written at their use.
  var inlined: [ScalarID: Phrase] = [:]
  private let variableNames: [String]
  private let useCounts: [ScalarID: Int]
  private let accumulatorKinds: [ScalarID: Reduction.Kind]

  /// Longer expressions get a statement of their own.
  private static let inlineWidth = 60
  /// The width lines should keep.
  static let lineWidth = 100

  init(_ kernel: Kernel, in program: LoopProgram) {
    self.kernel = kernel
    self.program = program
    ranges = IndexRanges(kernel)
    variableNames = Self.names(in: kernel)
    var counts: [ScalarID: Int] = [:]
    var kinds: [ScalarID: Reduction.Kind] = [:]
    kernel.body.forEachNode { node in
      node.forEachOwnScalar { counts[$0, default: 0] += 1 }
      guard case .loop(let loop) = node else { return }
      for accumulator in loop.accumulators { kinds[accumulator.result] = accumulator.kind }
    }
    useCounts = counts
    accumulatorKinds = kinds
  }

  // MARK: Statements

  /// The lines of a body, unindented.
  ///
  /// - Parameters:
  ///   - depth: how far the lines will be indented.
  ///   - prefix: written before each store.
  ///   - result: a scalar that is read right after the body.
  mutating func lines(
    _ nodes: [Node], depth: Int, prefix: String = "", result: ScalarID? = nil
  ) -> [String] {
    var places = inliningPlaces(nodes)
    if let result, useCounts[result] == 1 { places[result] = nodes.count }
    var lines = [String]()
    for (position, node) in nodes.enumerated() {
      switch node {
      case .define(let scalar, let expression):
        let phrase = phrase(expression)
        if isInlined(scalar, expression, phrase, nodes, from: position, to: places[scalar]) {
          inlined[scalar] = phrase
        } else {
          lines.append("t\(scalar.index) = \(phrase.text)")
        }
      case .store(let store): lines.append(prefix + text(store))
      case .accumulate(let accumulator, let value):
        lines.append(text(accumulator, phrase(value)))
      case .loop(let loop): lines += self.lines(loop, depth: depth)
      case .contract(let contract): lines += self.lines(contract, depth: depth)
      }
    }
    return lines
  }

  /// For each scalar with one use that is in this body, the statement that uses it.
  private func inliningPlaces(_ nodes: [Node]) -> [ScalarID: Int] {
    var places: [ScalarID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      node.forEachOwnScalar { if useCounts[$0] == 1 { places[$0] = position } }
    }
    return places
  }

  private func isInlined(
    _ scalar: ScalarID, _ expression: Expression, _ phrase: Phrase, _ nodes: [Node],
    from position: Int, to use: Int?
  ) -> Bool {
    if case .literal = expression { return true }
    guard let use, use > position, phrase.text.count <= Self.inlineWidth else { return false }
    guard phrase.readsMemory else { return true }
    return !Array(nodes[(position + 1)..<use]).containsStore
  }

  private func text(_ store: Store) -> String {
    let target = element(store.memory, store.address, isGuarded: store.condition != nil)
    let value = phrase(store.value)
    let statement = store.combining?.statement(target, value) ?? "\(target) = \(value.text)"
    guard let condition = store.condition else { return statement }
    return "if \(phrase(condition).text) { \(statement) }"
  }

  private func text(_ accumulator: ScalarID, _ value: Phrase) -> String {
    let name = "t\(accumulator.index)"
    return accumulatorKinds[accumulator]?.statement(name, value) ?? "\(name) ?= \(value.text)"
  }

  // MARK: Loops

  private mutating func lines(_ loop: Loop, depth: Int) -> [String] {
    var lines = [String]()
    if !loop.accumulators.isEmpty {
      let accumulators = loop.accumulators.map { accumulator in
        let initial = accumulator.kind.identity(of: element(accumulator.result)).phrase.text
        return "t\(accumulator.result.index) = \(initial) (\(accumulator.kind.symbol))"
      }
      lines.append("acc " + accumulators.joined(separator: ", "))
    }
    if !loop.carries.isEmpty {
      let carries = loop.carries.map { carry in
        "t\(carry.current.index) = \(phrase(carry.initial).text)"
      }
      lines.append("carry " + carries.joined(separator: ", "))
    }
    let header = header(of: loop)
    var inner = self.lines(loop.body, depth: depth + 1)
    if !loop.carries.isEmpty {
      let next = loop.carries.map { carry in
        "t\(carry.current.index) = \(phrase(carry.next).text)" + text(carry.recurrence)
      }
      inner.append("next " + next.joined(separator: ", "))
    }
    if inner.count == 1, !loop.body.containsLoop,
      2 * depth + header.count + inner[0].count + 3 <= Self.lineWidth
    {
      return lines + ["\(header) \(inner[0]) }"]
    }
    return lines + [header] + inner.map { "  " + $0 } + ["}"]
  }

  /// What a loop is and which iterations it has.
  private func header(of loop: Loop) -> String {
    if case .once(let holds) = loop.range { return "if \(phrase(holds).text) {" }
    let schedule =
      switch loop.schedule {
      case .serial: "serial"
      case .unrolled(let count): "serial×\(count)"
      case .parallel: "parallel"
      case .tiled(let size): "tiled(\(size))"
      case .vector(let width, 1): "vector(\(width))"
      case .vector(let width, let interleave): "vector(\(width))×\(interleave)"
      }
    return "\(schedule) \(name(loop.variable)) in \(text(loop.range, of: loop.variable)) {"
  }

  /// A recurrence by its coefficients.
  private func text(_ recurrence: Recurrence?) -> String {
    guard let coefficients = recurrence?.coefficients, !coefficients.isEmpty else { return "" }
    return " by (" + coefficients.map { phrase($0).text }.joined(separator: ", ") + ")"
  }

  private func text(_ range: Loop.Range, of variable: VariableID) -> String {
    switch range {
    case .full: "0..<\(extent(variable))"
    case .block(let block, let size):
      blockText(IndexExpression(block), size, count: extent(block), of: extent(variable))
    case .condition(let holds): "0... while t\(holds.index)"
    case .once(let holds): "0... if t\(holds.index)"
    }
  }

  /// The iterations from `block · size` on, of `extent` in `count` blocks.
  private func blockText(
    _ block: IndexExpression, _ size: Int, count: Int, of extent: Int
  ) -> String {
    if count == 1 { return "0..<\(extent)" }
    let start = phrase(block * size).text
    return count * size == extent
      ? "\(start)..<+\(size)" : "\(start)..<min(\(phrase(block * size + size).text), \(extent))"
  }

  private mutating func lines(_ contract: Contract, depth: Int) -> [String] {
    let (rows, columns) = (extent(contract.row), extent(contract.column))
    let tiling = contract.tiling
    let (tileRows, tileColumns) = (tiling.rows, tiling.vectors * tiling.width)
    var ranges = ("0..<\(rows)", "0..<\(columns)")
    if let block = contract.block {
      let rowBlocks = (rows + block.rows - 1) / max(block.rows, 1)
      let columnBlocks = (columns + block.columns - 1) / max(block.columns, 1)
      let number = IndexExpression(block.variable)
      ranges.0 = blockText(
        rowBlocks == extent(block.variable) ? number : number.remainder(by: max(rowBlocks, 1)),
        block.rows, count: rowBlocks, of: rows)
      ranges.1 = blockText(
        rowBlocks == extent(block.variable)
          ? IndexExpression(0) : number.divided(by: max(rowBlocks, 1)),
        block.columns, count: columnBlocks, of: columns)
    }
    let prologues = [contract.left, contract.right].map { lines($0) }
    let factors = [
      phrase(contract.left.value).text(at: .product),
      phrase(contract.right.value).text(at: .product.tighter),
    ]
    let tile = "tile (\(name(contract.row)), \(name(contract.column)))"
    let header = "\(tile) in (\(ranges.0), \(ranges.1))"
    let panel = tiling.panelDepth.map { ", panels of \($0)" } ?? ""
    let steps =
      "step (\(tileRows), \(tileColumns)), \(tiling.rowBlock) rows at a time\(panel) {"
    let isShort = 2 * depth + header.count + steps.count < Self.lineWidth
    let sums = contract.summed.map { "\(name($0)) in 0..<\(extent($0))" }
    let product =
      "t\(contract.result.index): \(contract.element.rawValue)[\(tileRows),\(tileColumns)]"
      + " = contract \(sums.joined(separator: ", ")) {"
    let statements = prologues.flatMap { $0 } + ["\(factors[0]) * \(factors[1])"]
    let oneLine = "\(product) \(statements[0]) }"
    let isOneLine = statements.count == 1 && 2 * depth + oneLine.count + 2 <= Self.lineWidth
    let contraction =
      isOneLine ? [oneLine] : [product] + statements.map { "  " + $0 } + ["}"]
    let body = lines(contract.body, depth: depth + 1, prefix: "store ")
    return (isShort ? ["\(header) \(steps)"] : [header, "     " + steps])
      + (contraction + body).map { "  " + $0 } + ["}"]
  }

  /// The lines of a factor's prologue that are not written at their use.
  private mutating func lines(_ factor: Contract.Factor) -> [String] {
    lines(factor.body, depth: 0, result: factor.value)
  }

  // MARK: Names

  /// The variables' names, with a number where a loop inside or around has the same one.
  private static func names(in kernel: Kernel) -> [String] {
    var together = Set<[VariableID]>()
    func visit(_ nodes: [Node], in outer: [VariableID]) {
      for node in nodes {
        switch node {
        case .define, .store, .accumulate: break
        case .loop(let loop): enter([loop.variable], outer, loop.body)
        case .contract(let contract):
          enter([contract.row, contract.column] + contract.summed, outer, contract.body)
        }
      }
    }
    func enter(_ variables: [VariableID], _ outer: [VariableID], _ body: [Node]) {
      let all = outer + variables
      for variable in variables {
        for other in all { together.insert([variable, other].sorted()) }
      }
      visit(body, in: all)
    }
    visit(kernel.body, in: [])
    var named: [String: [VariableID]] = [:]
    return kernel.variables.enumerated().map { position, variable in
      let id = VariableID(position)
      let isTaken = named[variable.name, default: []].contains { together.contains([$0, id]) }
      guard !isTaken, !variable.name.isEmpty else { return "\(variable.name)_\(position)" }
      named[variable.name, default: []].append(id)
      return variable.name
    }
  }

  /// The name of a loop variable.
  func name(_ variable: VariableID) -> String {
    variableNames.indices.contains(variable.index)
      ? variableNames[variable.index] : "v?\(variable.index)"
  }

  private func extent(_ variable: VariableID) -> Int {
    kernel.variables.indices.contains(variable.index)
      ? kernel.variables[variable.index].extent : 0
  }

  private func element(_ scalar: ScalarID) -> ElementType {
    kernel.scalars.indices.contains(scalar.index) ? kernel.scalars[scalar.index] : .i64
  }
}

extension [Node] {
  /// Whether anything in the nodes writes memory.
  fileprivate var containsStore: Bool {
    var found = false
    forEachNode { if case .store = $0 { found = true } }
    return found
  }

  /// Whether a loop or product stands directly in the nodes.
  fileprivate var containsLoop: Bool {
    contains {
      switch $0 {
      case .loop, .contract: true
      case .define, .store, .accumulate: false
      }
    }
  }
}
