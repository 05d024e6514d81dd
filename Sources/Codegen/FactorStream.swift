internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// A factor on its way through the loops over taps and depth: what is computed before them, and places
/// in memory that move with depth.
struct FactorStream {
  /// A place that moves with depth: a pointer, or for lines that lie unevenly an offset common to all.
  struct Walk {
    /// The place at the first depth of the first tap; for offsets zero.
    var start: LLVMValue
    var lineBytes: Int
    var depthBytes: Int
    /// The bytes that a tap adds.
    var tapOffset: TapOffset
    /// Whether the place is an offset from a start that each line has.
    var isOffset = false
  }

  /// How a tap moves a place.
  enum TapOffset {
    /// By elements of a size, as the tap's number says.
    case elements(IndexExpression, size: Int)
    /// By so many bytes from tap to tap, counted from the range's first.
    case bytes(Int)
  }

  let parts: FactorParts
  /// Whether elements stand where the only walk is.
  private(set) var isMade = false
  private(set) var walks: [Walk] = []
  /// The values of the prologue's fixed scalars, by row.
  private(set) var fixed: [[ScalarID: [LLVMValue]]] = []
  /// The walk of each even load.
  private var places: [ScalarID: Int] = [:]
  /// Where each row of an uneven load starts.
  private var starts: [ScalarID: [LLVMValue]] = [:]

  /// The left factor of a tile's rows.
  init(left contract: Contract, rows: Int, from depths: DepthRange, _ emitter: KernelEmitter) {
    parts = FactorParts(
      contract.left.body, line: contract.row, depth: contract.depth, tap: contract.tap,
      tileLines: contract.tiling.rows)
    guard let first = emitter.variables[contract.row] else { return }
    let lanes = emitter.lanes
    emitter.lanes = nil
    emitter.variables[contract.depth] = depths.first
    let loads = parts.evenLoads
    let isUneven = loads.contains { $0.lineStride == nil }
    if !parts.fixed.isEmpty || isUneven {
      for row in 0..<rows {
        emitter.variables[contract.row] = emitter.builder.add(
          first, emitter.builder.int(row, emitter.module.i64))
        for node in parts.fixed { emitter.emit(node) }
        fixed.append(emitter.scalars.filter { parts.fixedScalars.contains($0.key) })
        for load in loads where load.lineStride == nil {
          starts[load.scalar, default: []].append(emitter.start(of: load))
        }
      }
    }
    emitter.variables[contract.row] = first
    for load in loads { add(load, emitter) }
    emitter.lanes = lanes
  }

  /// The right factor read in place; `lanes` hold the tile's columns.
  init(right contract: Contract, from depths: DepthRange, _ emitter: KernelEmitter) {
    parts = contract.rightParts
    emitter.variables[contract.depth] = depths.first
    for node in parts.fixed { emitter.emit(node) }
    for load in parts.evenLoads where load.lineStride == 1 { add(load, emitter) }
  }

  /// A packed panel of the right factor.
  init(
    panel: LLVMValue, of contract: Contract, from depths: DepthRange, _ emitter: KernelEmitter
  ) {
    parts = FactorParts([], line: contract.column, depth: contract.depth)
    let size = contract.element.byteCount
    let depthBytes = contract.tileColumns * size
    let builder = emitter.builder
    let skipped = depths.packedBefore.map {
      builder.mul($0, builder.int(depthBytes, emitter.module.i64))
    }
    let start = skipped.map { builder.gep(emitter.module.i8, panel, $0) } ?? panel
    walks = [
      Walk(
        start: start, lineBytes: size, depthBytes: depthBytes,
        tapOffset: .bytes(depths.count * depthBytes))
    ]
  }

  /// The left factor's elements that were made before they are used.
  init(_ panel: LeftPanel, of contract: Contract) {
    parts = FactorParts([], line: contract.row, depth: contract.depth)
    isMade = true
    walks = [
      Walk(
        start: panel.start, lineBytes: panel.rowBytes, depthBytes: panel.depthBytes,
        tapOffset: .bytes(0))
    ]
  }

  private mutating func add(_ load: FactorParts.Load, _ emitter: KernelEmitter) {
    let size = emitter.element(of: load.scalar).byteCount
    places[load.scalar] = walks.count
    let isOffset = starts[load.scalar] != nil
    walks.append(
      Walk(
        start: isOffset ? emitter.builder.int(0, emitter.module.i64) : emitter.start(of: load),
        lineBytes: (load.lineStride ?? 0) * size, depthBytes: load.depthStride * size,
        tapOffset: .elements(load.tapOffset, size: size), isOffset: isOffset))
  }

  /// Where a load of a row finds its element at one depth; nil where it is no even load.
  ///
  /// - Parameter current: the walks' places at that depth.
  func place(
    of scalar: ScalarID, row: Int, _ current: [LLVMValue], _ builder: IRBuilder
  ) -> LLVMValue? {
    guard let number = places[scalar] else { return nil }
    if let starts = starts[scalar] {
      return builder.gep(builder.module.i8, starts[row], current[number])
    }
    return builder.gep(current[number], bytes: row * walks[number].lineBytes)
  }
}

extension FactorStream.Walk {
  /// The place, some bytes further on.
  func moved(_ place: LLVMValue, by bytes: LLVMValue, _ builder: IRBuilder) -> LLVMValue {
    isOffset ? builder.add(place, bytes) : builder.gep(builder.module.i8, place, bytes)
  }

  /// The place at the next depth.
  func next(_ place: LLVMValue, _ builder: IRBuilder) -> LLVMValue {
    isOffset
      ? builder.add(place, builder.int(depthBytes, builder.module.i64))
      : builder.gep(place, bytes: depthBytes)
  }
}

extension KernelEmitter {
  /// The address of a load at the current row or column and depth, without what the tap adds.
  func start(of load: FactorParts.Load) -> LLVMValue {
    let base: LLVMValue =
      switch load.memory {
      case .slot(let slot): slotPointers[slot]
      case .local(let local): localPointers[local]
      }
    return builder.gep(memoryType(element(of: load.scalar)), base, index(load.base))
  }

  /// Where a walk is at the first depth of a tap.
  ///
  /// - Parameter number: which tap of the range it is, in number; nil is the only one.
  func start(of walk: FactorStream.Walk, tap number: LLVMValue?) -> LLVMValue {
    switch walk.tapOffset {
    case .elements(let offset, let size):
      if offset.constantValue == 0 { return walk.start }
      let bytes = builder.mul(index(offset), builder.int(size, module.i64))
      return walk.moved(walk.start, by: bytes, builder)
    case .bytes(let bytes):
      guard let number else { return walk.start }
      return walk.moved(
        walk.start, by: builder.mul(number, builder.int(bytes, module.i64)), builder)
    }
  }
}

extension Contract {
  /// The right factor's prologue, sorted; tiles and blocks start at a multiple of the tile's columns.
  var rightParts: FactorParts {
    FactorParts(right.body, line: column, depth: depth, tap: tap, tileLines: tileColumns)
  }
}
