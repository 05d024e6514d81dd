import TensorIR

/// Where a predicate of matrices holds, by the row's number minus the column's.
enum Triangle: Hashable {
  /// Where the difference is this or more: on and below a diagonal.
  case atLeast(Int)
  /// Where the difference is this or less: on and above a diagonal.
  case atMost(Int)
}

extension IndexFacts {
  /// A sum of multiples of the row's and the column's number, and a number.
  private struct Form {
    var row = 0
    var column = 0
    var constant = 0
  }

  /// How many definitions are looked through.
  private static let formDepth = 8

  /// The triangle of the last two axes in which a predicate holds; nil where that is not seen: it compares
  /// numbers of rows and columns, as iota gives them.
  func triangle(_ predicate: ValueID) -> Triangle? {
    guard let position = definitions[predicate.index] else { return nil }
    let operation = function.operations[position]
    switch operation.op {
    case .shape(.broadcast(let shape, let dimensions)):
      guard dimensions.suffix(2) == [shape.count - 2, shape.count - 1],
        function[operation.operands[0]].shape.suffix(2) == shape.suffix(2)
      else { return nil }
      return triangle(operation.operands[0])
    case .compare(let comparison):
      let rank = function[predicate].rank
      guard rank >= 2 else { return nil }
      var axes = [Axis](repeating: .other, count: rank)
      axes[rank - 2] = .row
      axes[rank - 1] = .column
      guard let left = form(operation.operands[0], axes, Self.formDepth),
        let right = form(operation.operands[1], axes, Self.formDepth)
      else { return nil }
      return triangle(
        Form(
          row: left.row - right.row, column: left.column - right.column,
          constant: left.constant - right.constant), comparison.direction)
    default: return nil
    }
  }

  /// Where a form stands in a relation to zero.
  private func triangle(_ form: Form, _ direction: Comparison.Direction) -> Triangle? {
    switch (form.row, form.column, direction) {
    case (1, -1, .greaterOrEqual): .atLeast(-form.constant)
    case (1, -1, .greater): .atLeast(1 - form.constant)
    case (1, -1, .lessOrEqual): .atMost(-form.constant)
    case (1, -1, .less): .atMost(-1 - form.constant)
    case (-1, 1, .greaterOrEqual): .atMost(form.constant)
    case (-1, 1, .greater): .atMost(form.constant - 1)
    case (-1, 1, .lessOrEqual): .atLeast(form.constant)
    case (-1, 1, .less): .atLeast(form.constant + 1)
    default: nil
    }
  }

  /// What an axis numbers.
  private enum Axis {
    case row
    case column
    case other
  }

  /// A value as a form of what its axes number.
  private func form(_ value: ValueID, _ axes: [Axis], _ depth: Int) -> Form? {
    let type = function[value]
    guard depth > 0, type.element.kind == .signed, type.element.width >= 32 else { return nil }
    if let constant = function.knownSplat(value, definitions) {
      return Int(exactly: constant).map { Form(constant: $0) }
    }
    guard let position = definitions[value.index] else { return nil }
    let operation = function.operations[position]
    switch operation.op {
    case .iota(_, let dimension):
      return switch axes[dimension] {
      case .row: Form(row: 1)
      case .column: Form(column: 1)
      case .other: nil
      }
    case .shape(.broadcast(let shape, let dimensions)):
      let operand = operation.operands[0]
      let inner = zip(function[operand].shape, dimensions).map { extent, axis in
        extent == shape[axis] ? axes[axis] : .other
      }
      return form(operand, inner, depth - 1)
    case .binary(let op) where op == .add || op == .subtract:
      guard let left = form(operation.operands[0], axes, depth - 1),
        let right = form(operation.operands[1], axes, depth - 1)
      else { return nil }
      let sign = op == .add ? 1 : -1
      return Form(
        row: left.row + sign * right.row, column: left.column + sign * right.column,
        constant: left.constant + sign * right.constant)
    default: return nil
    }
  }
}
