internal import LoopIR
internal import TensorIR

/// A function as the scheduler sees it: definitions and formulas by value.
final class Graph {
  let function: Function
  /// The defining operation's position by value; nil for parameters.
  let definitions: [Int?]
  /// Reshaped values that only loops and branches read, and rows of what is in memory: the same elements in
  /// the same order, so that no memory of their own is needed.
  private(set) lazy var reshapedStacks = function.reshapedStacks
  /// How many bytes of each value a nest of loops reads.
  private let readByteCounts: [Int]
  /// The first result of each operation, by position.
  let firstResults: [ValueID]
  /// The operands of each operation, by position.
  let operands: [[ValueID]]
  /// The number of each operation's form, as far as anyone asked; negative numbers are not known yet, or
  /// ops without a formula.
  @exclusivity(unchecked) private var formNumbers: [Int]
  /// What operations compute.
  let forms: OperationForms

  /// A number for operations that nobody asked about, and one for those without a formula.
  private static let (unknownForm, structuredForm) = (-1, -2)

  init(_ function: Function, forms: OperationForms = OperationForms()) {
    self.function = function
    self.forms = forms
    definitions = function.definitions()
    readByteCounts = function.readByteCounts
    firstResults = function.operations.map { $0.results.first ?? ValueID(-1) }
    operands = function.operations.map(\.operands)
    formNumbers = [Int](repeating: Self.unknownForm, count: function.operations.count)
  }

  func type(_ value: ValueID) -> TensorType { function[value] }

  /// How many bytes of a value a nest of loops reads: of a stack of which operations only take slices at
  /// computed places, such a slice, however long the stack is.
  func readByteCount(_ value: ValueID) -> Int { readByteCounts[value.index] }

  /// The operation that defines a value; nil for parameters.
  func operation(_ value: ValueID) -> Operation? {
    definitions[value.index].map { function.operations[$0] }
  }

  /// The operands of the operation that defines a value; empty for parameters.
  func operands(of value: ValueID) -> [ValueID] {
    guard let position = definitions[value.index] else { return [] }
    return operands[position]
  }

  /// The number of the form of the operation that defines a value; nil for parameters and structured
  /// nodes.
  func form(of value: ValueID) -> Int? {
    guard let position = definitions[value.index] else { return nil }
    var number = formNumbers[position]
    if number == Self.unknownForm {
      number =
        forms.number(of: function.operations[position], in: function) ?? Self.structuredForm
      formNumbers[position] = number
    }
    return number >= 0 ? number : nil
  }

  /// The formula of a value; nil for parameters and structured nodes.
  func comprehension(_ value: ValueID) -> Comprehension? {
    form(of: value).flatMap { forms.formula($0) }
  }

  /// The literal of a constant value.
  func literal(_ value: ValueID) -> Literal? {
    guard case .constant(let literal)? = operation(value)?.op else { return nil }
    return literal
  }

  /// Whether a value is the constant that leaves `kind` unchanged.
  func isIdentity(_ value: ValueID, of kind: Reduction.Kind) -> Bool {
    literal(value) == kind.identity(of: type(value).element)
  }
}

extension Comprehension.Fold {
  /// The number of elements folded into one.
  var count: Int { extents.reduce(1, *) }

  /// Folds this small are written out instead of becoming loops.
  static let unrolledCount = 4

  /// Whether the fold becomes straight-line code.
  var isUnrolled: Bool { count <= Self.unrolledCount }
}

/// The loop variables of one kernel: a tree, in which each variable knows the loop around it.
///
/// Sibling loops of equal extent share one variable, so that an expression means the same in both.
final class VariableTree {
  @exclusivity(unchecked) private(set) var variables: [Kernel.Variable] = []
  @exclusivity(unchecked) private var parents: [VariableID?] = []
  @exclusivity(unchecked) private var children: [Child: VariableID] = [:]

  private struct Child: Hashable {
    var parent: VariableID?
    var extent: Int
    var part: Part?
  }

  /// A part of an axis that a loop goes over.
  struct Part: Hashable {
    var axis: Int
    var start: Int
  }

  func extent(_ variable: VariableID) -> Int { variables[variable.index].extent }
  func parent(_ variable: VariableID) -> VariableID? { parents[variable.index] }

  /// The variable of loops of this extent directly inside the loop of `parent`; loops over parts of
  /// axes are told apart.
  func child(of parent: VariableID?, extent: Int, part: Part? = nil) -> VariableID {
    let key = Child(parent: parent, extent: extent, part: part)
    if let known = children[key] { return known }
    let variable = unshared(in: parent, extent: extent)
    children[key] = variable
    return variable
  }

  /// A variable of its own, shared with no sibling.
  func unshared(in parent: VariableID?, extent: Int, name: String? = nil) -> VariableID {
    let variable = VariableID(variables.count)
    variables.append(
      Kernel.Variable(name: name ?? Self.name(variables.count), extent: extent))
    parents.append(parent)
    return variable
  }

  /// The variables of a nest of loops of these extents inside the loop of `parent`.
  func nest(in parent: VariableID?, extents: [Int]) -> [VariableID] {
    var innermost = parent
    return extents.map { extent in
      let variable = child(of: innermost, extent: extent)
      innermost = variable
      return variable
    }
  }

  /// The indices of a nest inside the loop of `parent`; axes of extent one need no loop.
  func nestIndex(in parent: VariableID?, extents: [Int]) -> (loops: [VariableID], [IndexExpression])
  {
    let loops = nest(in: parent, extents: extents.filter { $0 != 1 })
    var remaining = loops.makeIterator()
    let index = extents.map { extent in
      extent == 1
        ? IndexExpression(0)
        : remaining.next().map { IndexExpression($0) }
          ?? IndexExpression(0)
    }
    return (loops, index)
  }

  /// The number of loops around and including a variable's; zero for nil.
  func depth(_ variable: VariableID?) -> Int {
    var depth = 0
    var current = variable
    while let here = current {
      depth += 1
      current = parents[here.index]
    }
    return depth
  }

  /// How often the body of the variable's loop runs in all, at most about 10¹².
  func iterations(_ variable: VariableID?) -> Int {
    var product = 1
    var current = variable
    while let here = current {
      let (wide, overflows) = product.multipliedReportingOverflow(by: extent(here))
      product = overflows ? 1 << 40 : min(wide, 1 << 40)
      current = parents[here.index]
    }
    return product
  }

  /// The variable of the innermost loop that any of the expressions depends on.
  func deepest(_ index: [IndexExpression]) -> VariableID? {
    var deepest: VariableID?
    var deepestDepth = 0
    for expression in index {
      expression.forEachVariable { variable in
        let depth = depth(variable)
        if depth > deepestDepth { (deepest, deepestDepth) = (variable, depth) }
      }
    }
    return deepest
  }

  /// The least and greatest value of an expression; nil where an integer of unknown size occurs.
  func range(
    _ index: IndexExpression, scalar: (ScalarID) -> ClosedRange<Int>? = { _ in nil }
  ) -> ClosedRange<Int>? {
    var (low, high) = (index.constant, index.constant)
    for term in index.terms {
      let atom: ClosedRange<Int>?
      switch term.atom {
      case .variable(let variable): atom = 0...max(extent(variable) - 1, 0)
      case .scalar(let id): atom = scalar(id)
      case .lookup: return nil
      case .quotient(let inner, let divisor):
        atom = range(inner, scalar: scalar).map {
          $0.lowerBound.flooredQuotient(by: divisor)...$0.upperBound.flooredQuotient(by: divisor)
        }
      case .remainder(_, let divisor): atom = 0...(divisor - 1)
      }
      guard let atom else { return nil }
      let ends = [atom.lowerBound * term.coefficient, atom.upperBound * term.coefficient]
      low += min(ends[0], ends[1])
      high += max(ends[0], ends[1])
    }
    return low...high
  }

  private static func name(_ number: Int) -> String {
    let letters = Array("ijklpqrsuvwxyz")
    let suffix = number / letters.count
    return String(letters[number % letters.count]) + (suffix == 0 ? "" : "\(suffix)")
  }
}

extension IndexExpression {
  /// The expression with placeholder axis variables replaced.
  func bound(to axes: [IndexExpression]) -> IndexExpression {
    substituting(variable: { axes[$0.index] })
  }
}

extension Function {
  /// What `Graph.reshapedStacks` says.
  fileprivate var reshapedStacks: [ValueID: PartOfStack] {
    guard operations.indices.contains(where: { !operations[$0].op.regions.isEmpty }) else {
      return [:]
    }
    var stacks: [ValueID: PartOfStack] = [:]
    var stored = Set(parameters)
    /// What reshaped values are made of, through further reshapes.
    var bases: [ValueID: ValueID] = [:]
    for operation in operations {
      if case .shape(.reshape) = operation.op {
        let base = bases[operation.operands[0]] ?? operation.operands[0]
        bases[operation.result] = base
        stacks[operation.result] = PartOfStack(base: base, offset: 0)
      } else if let rows = operation.rows(in: self), stored.contains(rows.base) {
        stacks[operation.result] = rows
        stored.insert(operation.result)
      } else if operation.op.regions.isEmpty {
        for operand in operation.operands where !stored.contains(operand) { stacks[operand] = nil }
      } else {
        stored.formUnion(operation.results)
      }
    }
    // A reshaped value that is reshaped once more is read by more than loops.
    for operation in operations {
      guard case .shape(.reshape) = operation.op, !stored.contains(operation.operands[0]) else {
        continue
      }
      stacks[operation.operands[0]] = nil
    }
    for result in results { stacks[result] = nil }
    return stacks
  }

  /// How many bytes of each value operations without regions read at most.
  fileprivate var readByteCounts: [Int] {
    var slices = [Int](repeating: 0, count: types.count)
    for operation in operations where operation.op.regions.isEmpty {
      for (position, operand) in operation.operands.enumerated() {
        let read: TensorType =
          switch operation.op {
          case .dynamicSlice where position == 0: self[operation.results[0]]
          case .dynamicUpdateSlice where position == 0: self[operation.operands[1]]
          case _: self[operand]
          }
        slices[operand.index] = max(slices[operand.index], read.byteCount)
      }
    }
    return zip(types, slices).map { $1 == 0 ? $0.byteCount : $1 }
  }
}

/// Rows of a value that is in memory, or all of it, perhaps in another shape.
struct PartOfStack {
  let base: ValueID
  /// Where the rows start, in bytes.
  let offset: Int
}

extension Operation {
  /// The rows that a slice takes of its operand; nil where it is no slice or takes parts of rows.
  fileprivate func rows(in function: Function) -> PartOfStack? {
    guard case .shape(.slice(let starts, let limits, let strides)) = op, strides.first == 1 else {
      return nil
    }
    let type = function[operands[0]]
    let isWhole = type.shape.indices.dropFirst().allSatisfy {
      starts[$0] == 0 && limits[$0] == type.shape[$0] && strides[$0] == 1
    }
    guard isWhole, limits[0] > starts[0] else { return nil }
    let row = type.byteCount / type.shape[0]
    return PartOfStack(base: operands[0], offset: starts[0] * row)
  }
}
