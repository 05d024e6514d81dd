/// The elements of a tensor as text, wrapped and shortened as NumPy does.
struct TensorText<Scalar: TensorScalar> {
  /// All elements in row-major order.
  let scalars: UnsafeBufferPointer<Scalar>
  /// The extents of the axes.
  let shape: [Int]
  /// How many columns a line may take.
  let width = 75
  /// Tensors with more elements show only the ends of their axes.
  private let countLimit = 1000
  /// How many elements are shown at each end then.
  private let edgeCount = 3

  init(_ scalars: UnsafeBufferPointer<Scalar>, shape: [Int]) {
    self.scalars = scalars
    self.shape = shape
  }

  /// All on one line where it fits, else in rows of aligned columns.
  var text: String {
    let inline = joined(axis: 0, offset: 0) { "\($0)" }
    if inline.count <= width { return inline }
    var cell = 0
    measure(axis: 0, offset: 0, into: &cell)
    return lines(axis: 0, offset: 0, cell: cell)
  }

  /// The indices along an axis that are shown; nil stands for those left out.
  private func shown(_ axis: Int) -> [Int?] {
    let extent = shape[axis]
    guard scalars.count > countLimit, extent > 2 * edgeCount else { return Array(0..<extent) }
    return Array(0..<edgeCount) + [nil] + Array((extent - edgeCount)..<extent)
  }

  /// The number of elements between neighbours along an axis.
  private func stride(_ axis: Int) -> Int { shape[(axis + 1)...].reduce(1, *) }

  /// A part in brackets on one line.
  private func joined(axis: Int, offset: Int, _ write: (Scalar) -> String) -> String {
    guard axis < shape.count else { return write(scalars[offset]) }
    let parts = shown(axis).map { index in
      index.map { joined(axis: axis + 1, offset: offset + $0 * stride(axis), write) } ?? "..."
    }
    return "[" + parts.joined(separator: ", ") + "]"
  }

  /// Widens `cell` to the longest element shown.
  private func measure(axis: Int, offset: Int, into cell: inout Int) {
    guard axis < shape.count else {
      cell = max(cell, "\(scalars[offset])".count)
      return
    }
    for case let index? in shown(axis) {
      measure(axis: axis + 1, offset: offset + index * stride(axis), into: &cell)
    }
  }

  /// A part in brackets on several lines, indented by the brackets before it.
  private func lines(axis: Int, offset: Int, cell: Int) -> String {
    let indent = String(repeating: " ", count: axis + 1)
    guard axis < shape.count - 1 else { return row(offset: offset, cell: cell, indent: indent) }
    let parts = shown(axis).map { index in
      index.map { lines(axis: axis + 1, offset: offset + $0 * stride(axis), cell: cell) } ?? "..."
    }
    let breaks = String(repeating: "\n", count: max(1, shape.count - axis - 1))
    return "[" + parts.joined(separator: "," + breaks + indent) + "]"
  }

  /// A row in brackets, wrapped where it is too long.
  private func row(offset: Int, cell: Int, indent: String) -> String {
    guard let extent = shape.last else { return "\(scalars[offset])" }
    let indices = shown(shape.count - 1)
    var (text, column) = ("[", indent.count)
    for (position, index) in indices.enumerated() {
      let written = index.map { "\(scalars[offset + $0])" } ?? "..."
      let padding = index == nil ? 0 : cell - written.count
      let entry = String(repeating: " ", count: padding) + written
      if position > 0 {
        text += ","
        if column + 2 + entry.count + 1 > width {
          text += "\n" + indent
          column = indent.count
        } else {
          text += " "
          column += 2
        }
      }
      text += entry
      column += entry.count
    }
    return extent == 0 ? "[]" : text + "]"
  }
}
