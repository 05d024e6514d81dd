import TensorIR

/// Columns of a row and where their elements come from.
struct RowPiece {
  /// What elements are taken from.
  enum Source: Hashable {
    /// A carry of the scan over rows: the row before.
    case carry(Int)
    /// A stacked result of the scan along the row.
    case result(Int)
    /// A value that depends neither on carries nor on the scan along the row.
    case value(ValueID)
  }

  /// The columns.
  var columns: Range<Int>
  var source: Source
  /// The element of the source that the first column is.
  var start: Int

  /// The part of the piece in some columns, counted from the first of them; nil where there is none.
  func cut(to range: Range<Int>) -> RowPiece? {
    let part = columns.clamped(to: range)
    guard !part.isEmpty else { return nil }
    return RowPiece(
      columns: (part.lowerBound - range.lowerBound)..<(part.upperBound - range.lowerBound),
      source: source, start: start + part.lowerBound - columns.lowerBound)
  }
}

/// Takes rows of a scan's body apart that are put together of slices of others.
struct RowPieces {
  private let scan: Scan
  /// The scan along the row: its position in the body, and itself.
  private let position: Int
  private let along: Scan
  private let definitions: [Int?]
  /// For each value of the body whether it depends neither on carries nor on the scan along the row.
  let isFree: [Bool]

  /// More pieces than this are not followed.
  private static let mostPieces = 8
  /// How many definitions are looked through.
  private static let depth = 16

  init(of scan: Scan, along: Scan, at position: Int) {
    self.scan = scan
    self.along = along
    self.position = position
    definitions = scan.body.definitions()
    let depends = scan.body.dependents(
      on: Array(scan.carryParameters) + scan.body.operations[position].results)
    isFree = depends.map { !$0 }
  }

  /// The operation that defines a value of the body.
  func definition(of value: ValueID) -> Operation? {
    definitions[value.index].map { scan.body.operations[$0] }
  }

  /// The pieces of a value along its first axis, in order; nil where it is not put together of slices.
  func pieces(of value: ValueID, depth: Int = RowPieces.depth) -> [RowPiece]? {
    guard depth > 0, let extent = scan.body[value].shape.first else { return nil }
    func whole(_ source: RowPiece.Source) -> [RowPiece] {
      [RowPiece(columns: 0..<extent, source: source, start: 0)]
    }
    if isFree[value.index] { return whole(.value(value)) }
    guard let place = definitions[value.index] else {
      return scan.carryParameters.firstIndex(of: value).map {
        whole(.carry($0 - scan.carryParameters.startIndex))
      }
    }
    let operation = scan.body.operations[place]
    if place == position {
      let result = operation.results.firstIndex(of: value).map { $0 - along.carryCount } ?? -1
      return result < 0 ? nil : whole(.result(result))
    }
    if case .shape(.slice(let starts, let limits, let strides)) = operation.op {
      let operand = scan.body[operation.operands[0]]
      guard strides.allSatisfy({ $0 == 1 }),
        operand.shape.dropFirst() == scan.body[value].shape.dropFirst()
      else { return nil }
      return pieces(of: operation.operands[0], depth: depth - 1)?.compactMap {
        $0.cut(to: starts[0]..<limits[0])
      }
    }
    guard case .shape(.concatenate(dimension: 0)) = operation.op else { return nil }
    return joined(operation.operands, depth: depth - 1)
  }

  /// The pieces of values one after the other.
  private func joined(_ values: [ValueID], depth: Int) -> [RowPiece]? {
    var all: [RowPiece] = []
    var end = 0
    for value in values {
      guard let pieces = pieces(of: value, depth: depth),
        all.count + pieces.count <= Self.mostPieces
      else { return nil }
      for var piece in pieces {
        piece.columns = (piece.columns.lowerBound + end)..<(piece.columns.upperBound + end)
        all.append(piece)
      }
      end += scan.body[value].shape[0]
    }
    return all
  }
}
