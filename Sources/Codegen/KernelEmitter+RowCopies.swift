internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Tiled loops inside vector loops: rows on their way between memory and arrays of each lane.
extension KernelEmitter {
  /// A row that a loop copies.
  private struct RowCopy {
    var load: (memory: Memory, address: IndexExpression)
    var store: Store
  }

  /// Emits copies `size` elements of each row at a time. Where rows are no multiple of that long, the
  /// last elements of each are copied together with some that were copied before.
  func emitRowCopies(_ loop: Loop, size: Int) {
    let copies = rowCopies(in: loop.body)
    let extent = kernel.variables[loop.variable.index].extent
    let end = builder.int(extent, module.i64)
    counted(from: builder.int(0, module.i64), to: end, step: size, updating: []) { step in
      let last = builder.int(extent - size, module.i64)
      variables[loop.variable] =
        extent.isMultiple(of: size) ? step : builder.smin(step, last)
      for copy in copies {
        for group in 0..<(lanes?.copies ?? 1) {
          if isPerLane(copy.store.memory) {
            readRows(copy, loop.variable, size: size, group)
          } else {
            writeRows(copy, loop.variable, size: size, group)
          }
        }
      }
    }
  }

  private func rowCopies(in body: [Node]) -> [RowCopy] {
    var loads: [ScalarID: (Memory, IndexExpression)] = [:]
    return body.compactMap { node in
      switch node {
      case .define(let scalar, .load(let memory, let address, _)):
        loads[scalar] = (memory, address)
        return nil
      case .store(let store):
        return loads[store.value].map { RowCopy(load: $0, store: store) }
      case .define, .accumulate, .loop, .contract:
        preconditionFailure("a tiled loop inside a vector loop copies rows")
      }
    }
  }

  /// Reads `size` elements of each lane's row and writes them as vectors. Lanes out of range read the
  /// first lane's row.
  private func readRows(_ copy: RowCopy, _ variable: VariableID, size: Int, _ group: Int) {
    let element = element(of: copy.store.value)
    let places = rowPlaces(copy.load.memory, copy.load.address, element, group)
    let chunk = module.vector(memoryType(element), size)
    let rows = places.map { place, presence in
      let safe =
        switch presence {
        case .inside: place
        case .outside: places[0].pointer
        case .insideIf(let holds): builder.select(holds, place, places[0].pointer)
        }
      return builder.load(chunk, safe, alignment: element.byteCount)
    }
    // A single row is repeated, not transposed, as in `transposedLoad`.
    let isSingle = places.dropFirst().allSatisfy { $0.presence.isOutside }
    let columns =
      isSingle
      ? (0..<size).map { builder.splat(builder.extractElement(rows[0], $0), places.count) }
      : builder.transposed(rows)
    for (step, column) in columns.enumerated() {
      let place = pointer(
        copy.store.memory, copy.store.address.shifting(variable, by: step), element, copy: group)
      builder.store(column, place, alignment: element.byteCount)
    }
  }

  /// Reads vectors and writes `size` elements of the row of each lane that is in range.
  private func writeRows(_ copy: RowCopy, _ variable: VariableID, size: Int, _ group: Int) {
    let element = element(of: copy.store.value)
    let column = module.vector(memoryType(element), lanes?.width ?? 1)
    let columns = (0..<size).map { step in
      let place = pointer(
        copy.load.memory, copy.load.address.shifting(variable, by: step), element, copy: group)
      return builder.load(column, place, alignment: element.byteCount)
    }
    let places = rowPlaces(copy.store.memory, copy.store.address, element, group)
    for (row, (place, presence)) in zip(builder.rows(ofColumns: columns), places) {
      switch presence {
      case .inside: builder.store(row, place, alignment: element.byteCount)
      case .outside: break
      case .insideIf(let holds):
        let mask = builder.splat(holds, size)
        builder.maskedStore(row, place, mask: mask, alignment: element.byteCount)
      }
    }
  }

  /// Whether a lane is in the loop's range.
  private enum Presence {
    case inside
    case outside
    case insideIf(LLVMValue)

    var isOutside: Bool { if case .outside = self { true } else { false } }
  }

  /// Where each lane's row continues, and whether the lane is in range; the first one is.
  private func rowPlaces(
    _ memory: Memory, _ address: IndexExpression, _ element: ElementType, _ group: Int
  ) -> [(pointer: LLVMValue, presence: Presence)] {
    guard let lanes, let stride = address.coefficient(of: lanes.variable) else {
      preconditionFailure("copied rows stand evenly in memory")
    }
    let first = pointer(memory, address, element, copy: group)
    return (0..<lanes.width).map { lane in
      let place = builder.gep(first, bytes: lane * stride * element.byteCount)
      guard let mask = lanes.masks[group] else { return (place, .inside) }
      let holds = builder.extractElement(mask, lane)
      guard let known = holds.constantInteger else { return (place, .insideIf(holds)) }
      return (place, known != 0 ? .inside : .outside)
    }
  }
}
