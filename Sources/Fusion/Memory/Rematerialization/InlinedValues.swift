internal import LoopIR
internal import TensorIR

/// A program in which some values are not stored: kernels that read them make each element where they
/// need it, of what these are made of.
struct InlinedValues {
  private(set) var program: LoopProgram
  /// The values, in the order in which they were taken out, and what each takes.
  private(set) var values: [Inlined] = []
  private var recipes: ProgramRecipes
  /// How often each kernel runs.
  private let trips: [Int]
  /// For each of them a kernel that makes it.
  private var sources: [BufferID: Kernel] = [:]

  /// A value that is not stored any more.
  struct Inlined {
    var buffer: BufferID
    /// The kernels that make it.
    var readerCount: Int
    var addedNanoseconds: Double
    var addedFlops: Int
  }

  /// What is known of changes, as long as the kernels are those that they were found for.
  private var known: [BufferID: (form: ElementForm, change: Change)] = [:]

  /// The outermost steps that write each buffer with memory of its own, in order.
  private var writers: [BufferID: [Int]] = [:]
  /// The buffers that are used otherwise than by kernels as a whole.
  private var shared = Set<BufferID>()

  init(_ program: LoopProgram, _ recipes: ProgramRecipes) {
    self.program = program
    trips = program.trips
    self.recipes = recipes
    for (position, step) in program.steps.enumerated() {
      for buffer in program.accesses(of: step).written {
        writers[buffer, default: []].append(position)
      }
    }
    program.steps.forEachStep { shared.formUnion($0.ownBuffers) }
    for buffer in program.buffers {
      if let base = buffer.view?.base { shared.insert(base) }
      if let home = buffer.home { shared.insert(home) }
    }
  }

  /// What all of them take.
  var addedNanoseconds: Double { values.reduce(0) { $0 + $1.addedNanoseconds } }

  /// Takes out a value.
  ///
  /// - Returns: whether that can be done.
  mutating func inline(_ buffer: BufferID) -> Bool {
    guard let (form, change) = known[buffer] ?? found(buffer) else { return false }
    for (number, kernel) in change.kernels { program.kernels[number] = kernel }
    // What changed kernels use now, they may not have used before.
    let used = Set(change.kernels.values.flatMap(\.slots))
    known = known.filter { other, found in
      other != buffer && !used.contains(other) && !found.form.inputs.contains(buffer)
        && found.change.kernels.keys.allSatisfy { change.kernels[$0] == nil }
    }
    sources[buffer] = form.kernel
    values.append(change.inlined)
    return true
  }

  /// What taking out a value takes; nil where that cannot be done.
  mutating func cost(of buffer: BufferID) -> Inlined? {
    let found = known[buffer] ?? found(buffer)
    known[buffer] = found
    return found?.change.inlined
  }

  private mutating func found(_ buffer: BufferID) -> (form: ElementForm, change: Change)? {
    guard isPlain(buffer), let form = form(of: buffer), let change = change(of: buffer, form) else {
      return nil
    }
    return (form, change)
  }

  /// Whether a value of at least so many bytes cannot be taken out.
  mutating func hasLasting(atLeast byteCount: Int) -> Bool {
    program.buffers.indices.contains { position in
      guard program.buffers[position].hasOwnPlace,
        program.buffers[position].type.byteCount >= byteCount
      else { return false }
      return cost(of: BufferID(position)) == nil
    }
  }

  /// The program without what nothing uses any more.
  var finished: LoopProgram {
    var program = program
    program.removeKernels { $0.body.isEmpty }
    program.dropUnusedBuffers()
    return program
  }

  // MARK: Changes

  /// Kernels, by number, as they are when a value is taken out.
  private struct Change {
    var kernels: [Int: Kernel] = [:]
    var inlined: Inlined
  }

  /// What makes an element of a value of what is stored: by its recipe, or as the kernel that stores it does.
  private mutating func form(of buffer: BufferID) -> ElementForm? {
    if let source = sources[buffer] { return form(of: buffer, in: source) }
    if let draft = recipes.draft(of: buffer, in: program),
      let form = form(of: buffer, in: draft)
    {
      return form
    }
    return writer(of: buffer).flatMap { form(of: buffer, in: program.kernels[$0]) }
  }

  /// What makes an element of a value as a kernel does, of what is stored.
  private mutating func form(of buffer: BufferID, in kernel: Kernel) -> ElementForm? {
    guard var form = ElementForm(of: buffer, in: kernel) else { return nil }
    for input in form.inputs.sorted() where sources[input] != nil {
      guard let made = self.form(of: input),
        let whole = form.kernel.inlining(made, at: input, in: program),
        let next = ElementForm(of: buffer, in: whole.kernel)
      else { return nil }
      form = next
    }
    return form
  }

  private func change(of buffer: BufferID, _ form: ElementForm) -> Change? {
    guard let writer = writer(of: buffer), isReadable(form, for: buffer) else { return nil }
    var change = Change(
      inlined: Inlined(buffer: buffer, readerCount: 0, addedNanoseconds: 0, addedFlops: 0))
    var kernel = program.kernels[writer]
    guard !kernel.readBuffers.contains(buffer) else { return nil }
    kernel.drop(storesTo: [buffer], mayBeAll: true)
    guard !kernel.slots.contains(buffer) else { return nil }
    change.kernels[writer] = kernel
    for number in program.kernels.indices
    where number != writer && program.kernels[number].slots.contains(buffer) {
      guard let reader = program.kernels[number].inlining(form, at: buffer, in: program) else {
        return nil
      }
      change.kernels[number] = reader.kernel
      change.inlined.readerCount += 1
      let (before, after) = (
        program.kernels[number].costs(in: program), reader.kernel.costs(in: program)
      )
      let saved = Double(max(before.bytes - after.bytes, 0)) / 12
      change.inlined.addedNanoseconds += (reader.addedNanoseconds - saved) * Double(trips[number])
      change.inlined.addedFlops += (after.flops - before.flops).multipliedCapped(by: trips[number])
    }
    return change
  }

  /// Whether only kernels use a buffer, as a whole.
  private func isPlain(_ buffer: BufferID) -> Bool {
    guard case .arena = program.buffers[buffer.index].storage else { return false }
    return program.buffers[buffer.index].origin?.savedName.isEmpty == true
      && !shared.contains(buffer)
  }

  /// The kernel that writes a value, where it does once.
  private func writer(of buffer: BufferID) -> Int? {
    guard let positions = writers[buffer], positions.count == 1,
      case .kernel(let number) = program.steps[positions[0]]
    else { return nil }
    return number
  }

  /// Whether nothing that a value's form reads is written behind the value.
  private func isReadable(_ form: ElementForm, for buffer: BufferID) -> Bool {
    guard let position = writers[buffer]?.first else { return false }
    return form.inputs.allSatisfy { writers[program.root(of: $0)]?.last ?? 0 <= position }
  }
}

extension Buffer {
  /// Whether the buffer has a place of its own in the arena.
  var hasOwnPlace: Bool {
    guard case .arena = storage else { return false }
    return home == nil
  }
}

extension LoopProgram {
  /// How often each kernel runs, by number.
  fileprivate var trips: [Int] {
    var trips = [Int](repeating: 1, count: kernels.count)
    func walk(_ steps: [Step], _ times: Int) {
      for step in steps {
        var inner = times
        switch step {
        case .kernel(let number): trips[number] = times
        case .loop(let loop):
          // Those that nobody knows are mostly blocks of a scan that was taken apart.
          var count = 256
          if case .count(let known) = loop.trips { count = known }
          inner = times.multipliedCapped(by: count)
        case .branch, .call: break
        }
        for list in step.lists { walk(list, inner) }
      }
    }
    walk(steps, 1)
    return trips
  }
}
