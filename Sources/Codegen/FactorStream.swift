internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// A factor on its way through the loop over depth: what is computed before the loop, and pointers
/// that move with depth.
struct FactorStream {
  /// A pointer that moves with depth.
  struct Walk {
    var start: LLVMValue
    var lineBytes: Int
    var depthBytes: Int
  }

  /// How a load finds its address.
  private enum Place {
    /// By a walk.
    case walk(Int)
    /// By a start of its own for each row, and bytes from depth to depth.
    case rows([LLVMValue], depthBytes: Int)
  }

  let parts: FactorParts
  private(set) var walks: [Walk] = []
  /// The values of the prologue's fixed scalars, by row.
  private(set) var fixed: [[ScalarID: [LLVMValue]]] = []
  private var places: [ScalarID: Place] = [:]

  /// The left factor of a tile's rows.
  init(left contract: Contract, rows: Int, from depths: DepthRange, _ emitter: KernelEmitter) {
    parts = FactorParts(contract.left.body, line: contract.row, depth: contract.depth)
    guard let first = emitter.variables[contract.row] else { return }
    let lanes = emitter.lanes
    emitter.lanes = nil
    emitter.variables[contract.depth] = depths.first
    let loads = parts.evenLoads
    var starts: [ScalarID: [LLVMValue]] = [:]
    let isLookedUp = loads.contains { $0.lineStride == nil }
    if !parts.fixed.isEmpty || isLookedUp {
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
    for load in loads {
      let size = emitter.element(of: load.scalar).byteCount
      if let starts = starts[load.scalar] {
        places[load.scalar] = .rows(starts, depthBytes: load.depthStride * size)
      } else {
        add(load, lineStride: load.lineStride ?? 0, emitter)
      }
    }
    emitter.lanes = lanes
  }

  /// The right factor read in place; `lanes` hold the tile's columns.
  init(right contract: Contract, from depths: DepthRange, _ emitter: KernelEmitter) {
    parts = FactorParts(contract.right.body, line: contract.column, depth: contract.depth)
    emitter.variables[contract.depth] = depths.first
    for node in parts.fixed { emitter.emit(node) }
    for load in parts.evenLoads where load.lineStride == 1 {
      add(load, lineStride: 1, emitter)
    }
  }

  /// A packed panel of the right factor.
  init(panel: LLVMValue, of contract: Contract) {
    parts = FactorParts([], line: contract.column, depth: contract.depth)
    let size = contract.element.byteCount
    walks = [Walk(start: panel, lineBytes: size, depthBytes: contract.tileColumns * size)]
  }

  private mutating func add(
    _ load: FactorParts.Load, lineStride: Int, _ emitter: KernelEmitter
  ) {
    let size = emitter.element(of: load.scalar).byteCount
    places[load.scalar] = .walk(walks.count)
    walks.append(
      Walk(
        start: emitter.start(of: load), lineBytes: lineStride * size,
        depthBytes: load.depthStride * size))
  }

  /// Where a load of a row finds its element at one depth; nil where it is no even load.
  func place(
    of scalar: ScalarID, row: Int, _ pointers: [LLVMValue], _ step: LLVMValue,
    _ builder: IRBuilder
  ) -> LLVMValue? {
    switch places[scalar] {
    case .walk(let number): builder.gep(pointers[number], bytes: row * walks[number].lineBytes)
    case .rows(let starts, let depthBytes):
      builder.gep(
        builder.module.i8, starts[row],
        builder.mul(step, builder.int(depthBytes, builder.module.i64)))
    case nil: nil
    }
  }
}

extension KernelEmitter {
  /// The address of a load at the current row or column and depth.
  func start(of load: FactorParts.Load) -> LLVMValue {
    let base: LLVMValue =
      switch load.memory {
      case .slot(let slot): slotPointers[slot]
      case .local(let local): localPointers[local]
      }
    return builder.gep(memoryType(element(of: load.scalar)), base, index(load.address))
  }
}
