internal import LoopIR
internal import Targets
internal import TensorIR

extension ContractionShape {
  /// Register tiles as large as the registers allow, no larger than the product.
  func tiling(_ element: ElementType, _ target: TargetDescription) -> Contract.Tiling {
    let width = target.lanes(ofBits: 8 * element.byteCount)
    let needed = (columns + width - 1) / width
    let vectors = min(needed, target.registerTile.vectors)
    let rows = tileRows(atMost: target.tileRows(vectors: vectors))
    return packed(
      Contract.Tiling(rows: rows, vectors: vectors, width: width, rowBlock: 120), element, target)
  }

  /// Rows of a tile: of those that lie evenly in runs, so many that tiles do not cross the ends of runs,
  /// where that costs few. So do small products, which have code for the last tile otherwise: that takes
  /// longer to compile than it saves.
  private func tileRows(atMost most: Int) -> Int {
    let isSmall = Double(rows) * Double(columns) * Double(terms) < Self.smallWork
    guard let rowRun = rowRun ?? (isSmall && rows > most ? rows : nil) else {
      return max(1, min(most, rows))
    }
    let even = (1...most).last { rowRun.isMultiple(of: $0) } ?? 1
    return 3 * even >= 2 * most ? even : max(1, min(most, rows))
  }

  /// Whether the right factor is made where it is multiplied: contiguous memory, or an expression of
  /// such that one tile of rows needs only once.
  private func isReadInPlace(_ tiling: Contract.Tiling) -> Bool {
    guard right.isExpression else { return right.reads.allSatisfy { $0.line == 1 } }
    return rows <= tiling.rows && right.reads.allSatisfy { (0...1).contains($0.line) }
  }

  /// The tiling with the right factor packed where that pays: where it is not read in place, and
  /// where a factor that leaves the second-level cache is read by many rows.
  ///
  /// A packed panel serves all rows; rows stream past it, which the prefetcher keeps up with.
  private func packed(
    _ tiling: Contract.Tiling, _ element: ElementType, _ target: TargetDescription
  ) -> Contract.Tiling {
    let bytes = element.byteCount
    let isLarge = terms * columns * bytes > target.caches.secondLevel
    guard !isReadInPlace(tiling) || (isLarge && rows >= 4 * tiling.rows) else {
      return tiling
    }
    let lineBytes = tiling.vectors * tiling.width * bytes
    let panels = (terms * lineBytes + Self.panelBytes - 1) / Self.panelBytes
    var result = tiling
    guard panels > 1 else {
      result.panelDepth = terms
      result.rowBlock = evenRows(atMost: rows + tiling.rows, of: tiling)
      return result
    }
    let even = (terms + panels - 1) / panels
    let isOfTaps = taps > 1 && even >= depth
    result.panelDepth =
      isOfTaps ? even / depth * depth : (even + tiling.width - 1) / tiling.width * tiling.width
    result.rowBlock = evenRows(atMost: Self.waitingBytes / lineBytes, of: tiling)
    return result
  }

  /// The rows of a block, whole tiles and as many in each block, as every block packs its own panels.
  private func evenRows(atMost limit: Int, of tiling: Contract.Tiling) -> Int {
    let tiles = (rows + tiling.rows - 1) / tiling.rows
    let limitTiles = max(1, limit / tiling.rows)
    let blocks = (tiles + limitTiles - 1) / limitTiles
    return (tiles + blocks - 1) / blocks * tiling.rows
  }

  /// Products of fewer multiply-adds are small.
  private static let smallWork = 0x1p26
  /// Panels are at most this long, since they stand on the stack.
  private static let panelBytes = 128 << 10
  /// Sums that wait for the next panel take at most this much of the stack.
  private static let waitingBytes = 64 << 10
}

extension Contract.Tiling {
  /// How many blocks of rows and of columns threads share at most.
  func blockShape(rows: Int, columns: Int) -> (rows: Int, columns: Int) {
    let tileColumns = vectors * width
    let columnTiles = (columns + tileColumns - 1) / tileColumns
    let rowTiles = (rows + self.rows - 1) / self.rows
    let columnBlocks = min(columnTiles, Self.blockLimit)
    var rowBlocks = min(rowTiles, max(1, Self.blockLimit / columnBlocks))
    if panelDepth != nil, rowBlocks > 1, rowTiles < rowBlocks * Self.tilesOfPanel { rowBlocks /= 2 }
    return (rowBlocks, columnBlocks)
  }

  /// A panel is worth packing for so many tiles; each block of rows packs its own.
  private static let tilesOfPanel = 8

  /// Blocks that a product is cut into at most.
  private static let blockLimit = 16
}
