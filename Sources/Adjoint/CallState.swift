internal import Runtime
internal import TensorIR

/// What one call of a compiled form at a time works with, kept from call to call so that calls
/// allocate nothing: the lists that native code reads, and the results of earlier calls.
///
/// Whoever holds the pointer to a state owns it; `CompiledForm` hands it from call to call.
struct CallState {
  /// The form that is called, which outlives its states; retaining it would take as long as a small
  /// call.
  private let form: Unmanaged<CompiledForm>
  /// Whether the form hands the state from call to call; else it serves one call only.
  let isShared: Bool
  /// The number of arguments.
  private let count: Int
  /// The element type of each argument and its shape.
  private let types: UnsafeMutablePointer<(element: ElementType, extents: UnsafeBufferPointer<Int>)>
  /// The static values of the arguments.
  private let statics: [StaticValue]
  /// Where the elements of the arguments are, and then those of the captures.
  private let arguments: UnsafeMutablePointer<UnsafeRawPointer>
  /// Arguments that are retained until the call ends.
  private let held: UnsafeMutablePointer<Unmanaged<TensorNode>>
  /// Memory for the results.
  private var results: ResultNodes

  /// How many arguments and static values were matched so far, and how many arguments are held.
  private var matched = 0
  private var matchedStatics = 0
  private var heldCount = 0
  /// Whether all matched so far fits the form.
  private var fits = true

  /// The state of a call of `form`.
  init(for form: CompiledForm, isShared: Bool) {
    self.isShared = isShared
    self.form = Unmanaged.passUnretained(form)
    statics = form.signature.statics
    count = form.signature.types.count
    types = .allocate(capacity: count)
    for (index, type) in form.signature.types.enumerated() {
      let extents = UnsafeMutableBufferPointer<Int>.allocate(capacity: type.rank)
      _ = extents.initialize(from: type.shape)
      (types + index).initialize(to: (type.element, UnsafeBufferPointer(extents)))
    }
    arguments = .allocate(capacity: count + form.captures.count)
    // The form keeps its captures, so their elements stay where they are.
    for (index, capture) in form.captures.enumerated() {
      (arguments + count + index).initialize(to: capture.requiredAddress)
    }
    held = .allocate(capacity: count)
    results = ResultNodes(form.body.resultTypes)
  }

  /// Gives back all memory; nothing is left to use.
  func deallocate() {
    for index in 0..<count { types[index].extents.deallocate() }
    types.deallocate()
    arguments.deallocate()
    held.deallocate()
    results.deallocate()
  }

  /// Compares the next tensor with the form's argument, and notes where its elements are.
  ///
  /// - Requires: the tensor lives until the call has run, or it is held.
  mutating func match(_ node: TensorNode, holding: Bool) {
    guard matched < count, let address = node.knownAddress,
      node.hasType(types[matched].element, extents: types[matched].extents)
    else {
      fits = false
      return
    }
    if holding {
      held[heldCount] = Unmanaged.passRetained(node)
      heldCount += 1
    }
    arguments[matched] = UnsafeRawPointer(address)
    matched += 1
  }

  /// Compares the next static value with the form's.
  mutating func match(_ isEqual: (StaticValue) -> Bool) {
    fits = fits && matchedStatics < statics.count && isEqual(statics[matchedStatics])
    matchedStatics += 1
  }

  /// Whether all arguments and static values of the form were matched.
  var isComplete: Bool {
    fits && matched == count && matchedStatics == statics.count
  }

  /// Runs the form.
  ///
  /// - Requires: the call is complete.
  /// - Throws: `AdjointError` where there is no memory, or from the interpreter.
  mutating func run() throws {
    try results.prepare()
    try form._withUnsafeGuaranteedRef {
      $0.body.copyDonations(of: arguments, to: results.addresses)
      try $0.body.call(arguments: arguments, results: results.addresses)
    }
  }

  /// The next result; nil where there is none or it has other elements.
  mutating func takeResult(_ element: ElementType) -> TensorNode? { results.take(element) }

  /// The address of the template to put the results in.
  var template: UnsafeRawPointer {
    form._withUnsafeGuaranteedRef {
      UnsafeRawPointer(Unmanaged.passUnretained($0.template).toOpaque())
    }
  }

  /// Ends a call, and lets another one have its state.
  static func end(_ state: UnsafeMutablePointer<CallState>) {
    state.pointee.reset()
    state.pointee.form._withUnsafeGuaranteedRef { $0.keep(state) }
  }

  /// Forgets the arguments and results.
  private mutating func reset() {
    for index in 0..<heldCount { held[index].release() }
    (matched, matchedStatics, heldCount, fits) = (0, 0, 0, true)
    results.reset()
  }
}

/// Values for the results of a call. Small ones are kept for later calls, and used again once
/// nobody else has a reference to them: creating and freeing a value costs more than a small
/// function. Of each there are two, because a result is often the next call's argument.
private struct ResultNodes {
  /// Larger results are not kept.
  private static let keptByteLimit = 1024

  private let types: [TensorType]
  private let byteCounts: [Int]
  /// The last result for each position, and the one before it.
  private let latest: UnsafeMutablePointer<TensorNode?>
  private let former: UnsafeMutablePointer<TensorNode?>
  /// Where native code writes the elements.
  let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// How many results of the call were taken.
  private var taken = 0

  init(_ types: [TensorType]) {
    self.types = types
    byteCounts = types.map(\.byteCount)
    latest = .allocate(capacity: types.count)
    latest.initialize(repeating: nil, count: types.count)
    former = .allocate(capacity: types.count)
    former.initialize(repeating: nil, count: types.count)
    addresses = .allocate(capacity: types.count)
  }

  func deallocate() {
    latest.deinitialize(count: types.count)
    latest.deallocate()
    former.deinitialize(count: types.count)
    former.deallocate()
    addresses.deallocate()
  }

  /// Finds or makes a value for each result that nobody else refers to.
  ///
  /// A value that has one reference, the one here, cannot get another one from elsewhere, and what
  /// other threads did with it happened before they released it: the rule by which arrays are
  /// changed in place. So nobody sees that its elements change.
  mutating func prepare() throws {
    for index in types.indices {
      if isKnownUniquelyReferenced(&latest[index]) { continue }
      swap(&latest[index], &former[index])
      if !isKnownUniquelyReferenced(&latest[index]) {
        let byteCount = byteCounts[index]
        latest[index] = TensorNode(
          types[index], byteCount: byteCount,
          adopting: try BufferPool.allocate(byteCount: byteCount))
      }
      guard let address = latest[index]?.knownAddress else {
        preconditionFailure("a result has memory")
      }
      addresses[index] = address
    }
  }

  /// The next result; nil where there is none or it has other elements.
  mutating func take(_ element: ElementType) -> TensorNode? {
    guard taken < types.count, types[taken].element == element else { return nil }
    defer { taken += 1 }
    guard let node = latest[taken] else { return nil }
    if byteCounts[taken] > Self.keptByteLimit { latest[taken] = nil }
    return node
  }

  /// Starts over.
  mutating func reset() { taken = 0 }
}
