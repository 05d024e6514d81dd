internal import LoopIR
internal import TensorIR

/// Where a row chain keeps what none but its own steps reads: in local arrays of a block's rows, which
/// buffers take over from others that are dead by then.
struct CarriedRows {
  /// What a local array holds of each row.
  private struct Row {
    var element: ElementType
    var shape: [Int]
    /// The buffer that stands there last.
    var buffer: BufferID

    var count: Int { shape.reduce(1, *) }
  }

  /// The steps from the first that touches a buffer to the last.
  private typealias Life = ClosedRange<Int>

  /// How many rows there are in all.
  private let extent: Int
  private var rows: [Row] = []
  private var places: [BufferID: Int] = [:]

  /// No buffers.
  init() { extent = 1 }

  /// Finds places for arena buffers that only `kernel` uses; nil where a step touches elements of a
  /// buffer outside of the row it is at.
  init?(_ buffers: Set<BufferID>, in kernel: Kernel, _ parts: KernelParts, _ program: LoopProgram) {
    extent = parts.extent(in: kernel)
    let analysis = DependenceAnalysis(kernel, in: program)
    for (slot, buffer) in kernel.slots.enumerated() where buffers.contains(buffer) {
      let count = program.buffers[buffer.index].type.count / extent
      guard analysis.mayKeepRows(of: .slot(slot), in: parts.steps, count: count).isGranted else {
        return nil
      }
    }
    var lives: [BufferID: Life] = [:]
    for (position, step) in parts.steps.enumerated() {
      for case .slot(let slot) in [step].touchedMemory where buffers.contains(kernel.slots[slot]) {
        let buffer = kernel.slots[slot]
        lives[buffer] = (lives[buffer]?.lowerBound ?? position)...position
      }
    }
    let inOrder = lives.sorted { ($0.value.lowerBound, $0.key) < ($1.value.lowerBound, $1.key) }
    for (buffer, life) in inOrder {
      let type = program.buffers[buffer.index].type
      let shape =
        type.shape.first == extent ? Array(type.shape.dropFirst()) : [type.count / extent]
      var step = kernel
      step.body = [parts.steps[life.lowerBound]]
      let free = rows.firstIndex { row in
        guard row.element == type.element, row.shape == shape, let other = lives[row.buffer],
          other.upperBound <= life.lowerBound
        else { return false }
        return other.upperBound < life.lowerBound
          || step.mayReplace(row.buffer, with: buffer, in: program)
            && !step.storesReachNextRow(of: buffer)
      }
      let place = free ?? rows.count
      if free == nil { rows.append(Row(element: type.element, shape: shape, buffer: buffer)) }
      rows[place].buffer = buffer
      places[buffer] = place
    }
  }

  /// The same places for other buffers.
  func mapping(_ other: (BufferID) -> BufferID) -> CarriedRows {
    var carried = self
    for position in rows.indices { carried.rows[position].buffer = other(rows[position].buffer) }
    carried.places = [:]
    for (buffer, place) in places { carried.places[other(buffer)] = place }
    return carried
  }

  /// The buffers that are kept.
  var buffers: Set<BufferID> { Set(places.keys) }

  /// What a row takes.
  var bytes: Int { rows.reduce(0) { $0 + $1.count * $1.element.byteCount } }

  /// Puts the buffers in locals.
  ///
  /// - Parameter size: the rows of a block of the parallel loop, which is the outermost; nil where
  ///   there is none, and locals hold all rows.
  func carry(in kernel: inout Kernel, blocksOf size: Int?) {
    var block: VariableID?
    for case .loop(let loop) in kernel.body where loop.schedule == .parallel {
      block = loop.variable
    }
    let first = kernel.locals.count
    kernel.locals += rows.map { row in
      Kernel.Local(element: row.element, shape: [size ?? extent] + row.shape)
    }
    let (slots, locals) = (kernel.slots, kernel.locals)
    kernel.body = kernel.body.mappingAccesses { memory, address in
      guard case .slot(let slot) = memory, let place = places[slots[slot]] else {
        return (memory, address)
      }
      let start = block.map { IndexExpression($0) * locals[first + place].count }
      return (.local(first + place), address + (start ?? IndexExpression(0)) * -1)
    }
    kernel.dropUnusedSlots()
  }
}
