internal import Differentiation
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
internal import Synchronization
internal import TensorIR

/// What of a call decides which code runs: the types of all tensors, and all static values.
struct Signature: Hashable, Sendable {
  let types: [TensorType]
  let statics: [StaticValue]
}

/// One compiled form of a function.
@usableFromInline
final class Specialization: Sendable {
  /// The calls it fits.
  let signature: Signature
  /// The template of an output with placeholders for tensors.
  @usableFromInline let template: AnyTemplate
  /// How many of the arguments, from the first on, give their memory to results.
  let donatedCount: Int
  /// Values without elements in place of the donated arguments while a call runs.
  let donatedPlaceholders: [TensorNode]
  /// The recorded function.
  private let traced: TracedFunction
  /// How a program for a bucket of sizes serves it; nil where it has a program of its own.
  let bucket: BucketBinding?
  /// What the caller of `jit` wants of the memory plan.
  private let memory: MemoryOptions
  /// Whether the function reads values of a trace around it, and so can only become part of that.
  private let isPartOfTrace: Bool
  /// How long recording took.
  private let traceMilliseconds: Double
  /// The compiled form, made by the first call that runs it.
  private let form = Mutex<CompiledForm?>(nil)
  /// Held while the form is made, by calls of this signature alone.
  private let compiling = Mutex<Void>(())
  /// The address of the compiled form, owned by `form`, once it is there and may be called from
  /// everywhere; else zero.
  private let quickForm = Atomic<UInt>(0)

  init(
    _ signature: Signature, donating donatedCount: Int, template: AnyTemplate,
    _ traced: TracedFunction, memory: MemoryOptions = MemoryOptions(),
    bucket: BucketBinding? = nil, traceMilliseconds: Double
  ) {
    self.bucket = bucket
    self.memory = memory
    self.signature = signature
    self.donatedCount = donatedCount
    donatedPlaceholders = signature.types.prefix(donatedCount).map(TensorNode.placeholder)
    self.template = template
    self.traced = traced
    self.traceMilliseconds = traceMilliseconds
    isPartOfTrace = traced.isPartOfTrace
  }

  /// Times and sizes of its compilation; nil before that.
  var report: CompileReport? { bucket?.form.report ?? form.withLock { $0?.body.report } }

  /// The text of a stage of its compilation.
  func dump(stage: Stage) throws -> String {
    try Compiler.dump(
      bucket?.form.padded.function ?? traced.function, in: Module(), transform: .none, stage: stage,
      options: options)
  }

  /// The options it is compiled with.
  private var options: CompileOptions {
    let asked = traced.memory
    let policy = memory.policy == .automatic ? asked?.policy ?? .automatic : memory.policy
    return CompileOptions(
      donated: Set(0..<donatedCount),
      memoryBudget: (memory.budget ?? asked?.budget).map { .bytes($0) },
      rematerialization: policy)
  }

  /// Whether it fits a call.
  func fits(_ visitor: borrowing TensorVisitor) -> Bool {
    guard visitor.nodes.count == signature.types.count else { return false }
    for index in visitor.nodes.indices
    where !visitor.nodes[index].hasType(signature.types[index]) {
      return false
    }
    return visitor.statics == signature.statics
  }

  /// The tensors of the output for those of the arguments.
  @usableFromInline
  func call(_ nodes: [TensorNode], at location: SourceLocation) throws -> [TensorNode] {
    let isKnown = nodes.allSatisfy { $0.knownAddress != nil }
    if isPartOfTrace || !isKnown, Trace.current != nil {
      return try traced.applied(to: nodes, at: location)
    }
    let known = isKnown ? nodes : try Evaluation.known(nodes, at: location)
    if let bucket {
      return try bucket.call(known, bucketProgram(bucket, at: location), at: location)
    }
    return try compiled(at: location).call(known)
  }

  /// The tensors of the output for those of the arguments; donated ones to which nobody else refers
  /// give their memory to results.
  func update(_ nodes: inout [TensorNode], at location: SourceLocation) throws -> [TensorNode] {
    guard !isPartOfTrace, nodes.allSatisfy({ $0.knownAddress != nil }) else {
      return try call(nodes, at: location)
    }
    if let bucket {
      return try bucket.update(&nodes, bucketProgram(bucket, at: location), at: location)
    }
    return try compiled(at: location).update(&nodes)
  }

  /// The state for a call of the compiled form, if that is there and fits wherever it is called.
  func beginCall() -> UnsafeMutablePointer<CallState>? {
    let address = UnsafeRawPointer(bitPattern: quickForm.load(ordering: .acquiring))
    // The form lives as long as this object, which the caller holds.
    return address.map {
      Unmanaged<CompiledForm>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.takeState() }
    }
  }

  /// The program of a bucket.
  private func bucketProgram(
    _ bucket: BucketBinding, at location: SourceLocation
  ) throws -> ProgramBody {
    do {
      return try bucket.form.program(options, traceMilliseconds: traceMilliseconds)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// The compiled form.
  private func compiled(at location: SourceLocation) throws -> CompiledForm {
    if let form = form.withLock({ $0 }) { return form }
    return try compiling.withLock { _ in
      if let form = form.withLock({ $0 }) { return form }
      do {
        let captures = try Evaluation.known(traced.captures, at: location)
        let program = try Compiler.compile(
          traced.function, engine: Engine.preferred, options: options,
          parseMilliseconds: traceMilliseconds)
        let compiled = CompiledForm(
          signature, program.body, captures: captures, template: template)
        form.withLock { $0 = compiled }
        if !isPartOfTrace {
          quickForm.store(
            UInt(bitPattern: Unmanaged.passUnretained(compiled).toOpaque()), ordering: .releasing)
        }
        return compiled
      } catch let error as AdjointError {
        throw error.placed(at: location)
      }
    }
  }
}

/// All compiled forms of one function.
///
/// The first forms stay as long as this object, so that calls find the one used last without a
/// lock. Of those behind them, which functions have whose static values vary, the ones used last are
/// kept; calls find them under a lock.
@usableFromInline
final class Specializations: Sendable {
  /// How many forms stay for good, and how many more are kept.
  static let limits = (residents: 32, guests: 32)

  /// A form and why it was compiled.
  private struct Entry: Sendable {
    /// The form.
    var form: Specialization
    /// The program for a bucket of sizes that was made for it.
    var bucket: BucketForm?
    /// The number of the compilation, from one.
    var number: Int
    /// What was new in its signature.
    var reason: String
  }

  /// What has been compiled.
  private struct State: Sendable {
    /// The forms that stay, then the others, the one used last behind all.
    var entries: [Entry] = []
    /// How many signatures were compiled.
    var compilations = 0
    /// The programs for buckets of sizes, the one used last behind all.
    var buckets: [Entry] = []
    /// The form used last, where that is not one that stays.
    var lastGuest: Specialization?

    /// The form that fits, which becomes the one used last.
    mutating func use(where fits: (Specialization) -> Bool) -> Specialization? {
      guard let index = entries.firstIndex(where: { fits($0.form) }) else { return nil }
      let entry = entries[index]
      if index >= Specializations.limits.residents {
        entries.remove(at: index)
        entries.append(entry)
      }
      return entry.form
    }

    /// Adds a form; the one that was not used for longest goes where there are too many.
    mutating func add(_ form: Specialization, because reason: String) {
      if form.bucket == nil { compilations += 1 }
      entries.append(Entry(form: form, number: compilations, reason: reason))
      let limits = Specializations.limits
      if entries.count > limits.residents + limits.guests { entries.remove(at: limits.residents) }
    }

    /// Adds the program for a bucket that a form uses, or makes it the one used last.
    ///
    /// - Returns: whether it is new.
    mutating func use(_ bucket: BucketForm, of form: Specialization, because reason: String) -> Bool
    {
      if let index = buckets.firstIndex(where: { $0.bucket === bucket }) {
        buckets.append(buckets.remove(at: index))
        return false
      }
      compilations += 1
      buckets.append(Entry(form: form, bucket: bucket, number: compilations, reason: reason))
      if buckets.count > Specializations.limits.guests { buckets.removeFirst() }
      return true
    }

    /// Whether a form stays as long as the object.
    func isResident(_ form: Specialization) -> Bool {
      entries.prefix(Specializations.limits.residents).contains { $0.form === form }
    }
  }

  /// Where the function was handed to `jit`.
  @usableFromInline let location: SourceLocation
  private let state = Mutex(State())
  /// The address of the entry used last, if it stays, owned by `state`: the inline cache; else
  /// zero.
  private let last = Atomic<UInt>(0)
  /// The address of the entry that was used last before it, if both stay; else zero.
  private let former = Atomic<UInt>(0)

  /// What the caller wants of the memory plan.
  private let memory: MemoryOptions
  /// Which sizes share programs.
  private let buckets: Buckets?

  @usableFromInline init(
    at location: SourceLocation, memoryBudget: ByteCount? = nil,
    rematerialization: Rematerialization = .automatic, buckets: Buckets? = nil
  ) {
    self.location = location
    self.buckets = buckets
    memory = MemoryOptions(budget: memoryBudget?.bytes, policy: rematerialization)
  }

  /// How many signatures were compiled.
  var count: Int { state.withLock { $0.compilations } }

  /// How many compiled forms are kept.
  var keptCount: Int { state.withLock { $0.entries.count } }

  /// The state for a call of the form used last; nil before there is one.
  func beginCall() -> UnsafeMutablePointer<CallState>? {
    Self.beginCall(at: last.load(ordering: .acquiring))
  }

  /// The state for a call of the form used before the one used last, which changes places with it; nil
  /// where there is none.
  ///
  /// Calls that alternate between two signatures find both without a lock. Of threads that change places at
  /// the same time each leaves addresses of forms that stay.
  func beginFormerCall() -> UnsafeMutablePointer<CallState>? {
    let address = former.load(ordering: .acquiring)
    guard address != 0 else { return nil }
    former.store(last.exchange(address, ordering: .acquiringAndReleasing), ordering: .releasing)
    return Self.beginCall(at: address)
  }

  /// The state for a call of the entry at an address; nil for zero.
  private static func beginCall(at address: UInt) -> UnsafeMutablePointer<CallState>? {
    UnsafeRawPointer(bitPattern: address).flatMap {
      Unmanaged<Specialization>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.beginCall() }
    }
  }

  /// The form that fits a call, if there is one.
  @usableFromInline
  func entry(
    for visitor: borrowing TensorVisitor, donating donatedCount: Int = 0
  ) -> Specialization? {
    let entry = state.withLock { state -> Specialization? in
      // A loop, because closures do not capture what is borrowed.
      for entry in state.entries
      where entry.form.donatedCount == donatedCount && entry.form.fits(visitor) {
        return state.use { $0 === entry.form }
      }
      return nil
    }
    if let entry { remember(entry) }
    return entry
  }

  /// Makes the form for a call by tracing.
  @usableFromInline
  func add<Output: Sendable>(
    _ visitor: borrowing TensorVisitor, donating donatedCount: Int = 0,
    trace: ([TensorNode]) throws -> (Output, [TensorNode]),
    template: (Output, [TensorNode]) throws -> AnyTemplate
  ) throws -> Specialization {
    for node in visitor.nodes { if let error = node.failure { throw error.placed(at: location) } }
    let signature = Signature(types: visitor.nodes.map(\.type), statics: visitor.statics)
    let start = ContinuousClock.now
    let (traced, output) = try record(signature, trace)
    let outcome = try bucketOutcome(
      signature, donating: donatedCount,
      visitor.positions(ofArguments: buckets?.chosenArguments), traced
    ) { try record(Signature(types: $0, statics: signature.statics), trace).traced }
    let placeholders = traced.function.resultTypes.map(TensorNode.placeholder)
    let entry = Specialization(
      signature, donating: donatedCount, template: try template(output, placeholders), traced,
      memory: memory, bucket: outcome.binding,
      traceMilliseconds: start.duration(to: .now).milliseconds)
    let (kept, isNew) = state.withLock { state in
      // Of two tasks that traced one signature at the same time, the first one's form stays.
      let first = state.use {
        $0.donatedCount == donatedCount && $0.signature == signature
      }
      if let first { return (first, false) }
      let former = state.entries.map(\.form.signature)
      var reason = reason(for: signature, after: former)
      if let refusal = outcome.refusal { reason += "; for this size alone: \(refusal)" }
      var isNew = true
      if let bucket = outcome.binding?.form {
        isNew = state.use(bucket, of: entry, because: reason)
      }
      state.add(entry, because: reason)
      return (entry, isNew)
    }
    remember(kept)
    if isNew { warn(after: count) }
    return kept
  }

  /// Records the function for a signature.
  private func record<Output: Sendable>(
    _ signature: Signature, _ trace: ([TensorNode]) throws -> (Output, [TensorNode])
  ) throws -> (traced: TracedFunction, output: Output) {
    var output: Output?
    let purpose = Trace.Purpose.compilation(owner: ObjectIdentifier(self), signature: signature)
    let budget = memory.budget ?? SnapshotBudget.byteCount
    let traced = try SnapshotBudget.$byteCount.withValue(budget) {
      try Trace.$isForBuckets.withValue(buckets != nil) {
        try Trace.record(signature.types, for: purpose, at: location) { nodes in
          let (value, results) = try trace(nodes)
          output = value
          return results
        }
      }
    }
    guard let output else { preconditionFailure("a recorded closure has returned a value") }
    return (traced, output)
  }

  /// Finds or makes a program for a bucket of sizes.
  private func bucketOutcome(
    _ signature: Signature, donating donatedCount: Int, _ candidates: [Int],
    _ traced: TracedFunction, trace: ([TensorType]) throws -> TracedFunction
  ) throws -> (binding: BucketBinding?, refusal: String?) {
    guard let buckets, !traced.isPartOfTrace else { return (nil, nil) }
    return withoutActuallyEscaping(trace) { trace in
      let search = BucketSearch(
        buckets: buckets, signature: signature, donatedCount: donatedCount,
        candidates: candidates.filter { signature.types[$0].rank > 0 }, traced: traced,
        trace: trace)
      let forms = state.withLock { $0.buckets.compactMap(\.bucket) }
      switch search.outcome(among: forms) {
      case .found(let binding), .made(let binding): return (binding, nil)
      case .none(let reason): return (nil, reason)
      }
    }
  }

  /// The entry used last.
  var lastUsed: Specialization? {
    let resident = UnsafeRawPointer(bitPattern: last.load(ordering: .acquiring)).map {
      Unmanaged<Specialization>.fromOpaque($0).takeUnretainedValue()
    }
    return resident ?? state.withLock { $0.lastGuest }
  }

  /// Makes an entry the one used last, and the first one to be looked at if it stays.
  private func remember(_ entry: Specialization) {
    state.withLock { state in
      let isResident = state.isResident(entry)
      state.lastGuest = isResident ? nil : entry
      let address = UInt(bitPattern: Unmanaged.passUnretained(entry).toOpaque())
      let before = last.exchange(isResident ? address : 0, ordering: .acquiringAndReleasing)
      if before != address { former.store(isResident ? before : 0, ordering: .releasing) }
    }
  }

  /// What is new in a signature against the nearest one before it.
  private func reason(for signature: Signature, after former: [Signature]) -> String {
    let differences = former.map { $0.differences(to: signature) }
    guard let nearest = differences.min(by: { $0.count < $1.count }) else { return "first call" }
    return nearest.joined(separator: "; ")
  }

  /// One line per compiled signature that is kept: its number, its types and why it was compiled; with
  /// `costs` also what each stage took.
  func explain(costs: Bool = false) -> String {
    state.withLock { state in
      let own = state.entries.filter { $0.form.bucket == nil }
      return (own + state.buckets).sorted { $0.number < $1.number }.map { entry in
        let types = entry.form.signature.types.map(\.description).joined(separator: ", ")
        var line = "\(entry.number). (\(types)): \(entry.reason)"
        if let bucket = entry.bucket { line += "; " + explanation(of: bucket) }
        guard costs else { return line }
        return line + "; " + (entry.form.report?.stages ?? "not compiled yet")
      }.joined(separator: "\n")
    }
  }

  /// What a program for a bucket is for, in words.
  private func explanation(of bucket: BucketForm) -> String {
    let ranges = bucket.ends.map { end in
      "\(buckets?.start(ofBucketEndingAt: end) ?? end)…\(end)"
    }
    let count = bucket.sizeCount
    return "for sizes \(ranges.joined(separator: " and ")), "
      + (count == 1 ? "1 of which was called" : "\(count) of which were called")
  }

  /// Says on standard error, once, that a function was compiled for many signatures, where the
  /// environment variable `ADJOINT_WARN_COMPILATIONS` says from how many on.
  private func warn(after compilations: Int) {
    guard let text = warning(after: compilations, limit: Self.warningLimit) else { return }
    Array(text.utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// What is said after some compilations, where it is said after `limit` of them; else nil.
  func warning(after compilations: Int, limit: Int?) -> String? {
    guard compilations == limit, let explanation = lastReason else { return nil }
    return "adjoint: \(location): compiled for \(compilations) signatures, the last for: "
      + explanation + "\n"
  }

  /// Why the signature added last was compiled.
  private var lastReason: String? {
    state.withLock { state in
      (state.entries + state.buckets).max { $0.number < $1.number }?.reason
    }
  }

  /// From how many compilations of one function on there is a warning; nil for never.
  private static let warningLimit =
    environmentValue("ADJOINT_WARN_COMPILATIONS").flatMap { Int($0) }
}

extension CompileReport {
  /// What each stage took, in words.
  fileprivate var stages: String {
    func text(_ milliseconds: Double) -> String {
      "\((milliseconds * 100).rounded() / 100) ms"
    }
    guard source == .compiled else { return "found on disk in \(text(compileMilliseconds))" }
    return [
      "trace \(text(parseMilliseconds))", "transform \(text(transformMilliseconds))",
      "plan \(text(planMilliseconds))", "codegen \(text(codegenMilliseconds))",
      "link \(text(linkMilliseconds))",
    ].joined(separator: ", ")
  }
}

extension Signature {
  /// What is different in another signature, in words.
  fileprivate func differences(to other: Signature) -> [String] {
    guard types.count == other.types.count, statics.count == other.statics.count else {
      return ["other number of tensors: \(other.types.count) instead of \(types.count)"]
    }
    var differences = [String]()
    for (index, (old, new)) in zip(types, other.types).enumerated() where old != new {
      differences.append("tensor \(index) is \(new) instead of \(old)")
    }
    for (old, new) in zip(statics, other.statics) where old != new {
      differences.append("static value \(new.description) instead of \(old.description)")
    }
    return differences
  }
}

extension TensorNode {
  /// A value that only holds a place for one of its type.
  static func placeholder(_ type: TensorType) -> TensorNode {
    TensorNode(type, failing: AdjointError(.argument, "a placeholder has no value"))
  }
}
