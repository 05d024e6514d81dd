internal import TensorIR

/// A walk over the tensors of a `TensorTree`, to read or to replace them.
public struct TensorVisitor: ~Copyable {
  /// What a walk is for.
  private enum Purpose {
    /// To list tensors and static values.
    case collecting
    /// To see whether they fit a compiled form, and to note where the elements are if so.
    case matching
    /// To put in other tensors.
    case replacing
    /// To put in the results of a compiled form.
    case placing
  }

  /// Tensors and static values in the order of a walk.
  private final class Collection {
    var nodes: [TensorNode]
    var statics: [StaticValue] = []
    /// The types of values that were named as ignored.
    var ignored: [ObjectIdentifier] = []
    /// For each argument where its tensors start, and its type.
    var arguments: [(start: Int, type: Any.Type)] = []

    init(_ nodes: [TensorNode]) { self.nodes = nodes }
  }

  private var purpose: Purpose
  /// Where tensors and static values are collected, or the tensors to put in are; nil where `call`
  /// takes their place.
  private let collection: Collection?
  /// The next tensor of the collection to put in.
  private var position = 0
  /// The call that is prepared, or whose results are put in; it belongs to this walk.
  private var call: UnsafeMutablePointer<CallState>?
  /// Whether tensors that are read may be gone when the visit ends, so that `call` must hold them.
  private var readsCopies = false
  /// Whether each tree that is read is compared with its mirror.
  @usableFromInline let isVerifying: Bool

  /// Starts collecting; where `isVerifying`, each tree must visit all its members.
  @usableFromInline init(verifying isVerifying: Bool = false) {
    purpose = .collecting
    collection = Collection([])
    call = nil
    self.isVerifying = isVerifying
  }

  /// Starts replacing.
  @usableFromInline init(replacingWith nodes: [TensorNode]) {
    purpose = .replacing
    collection = Collection(nodes)
    call = nil
    isVerifying = false
  }

  /// Starts matching against the form called last, if there is one.
  @usableFromInline init(matching specializations: borrowing Specializations) {
    purpose = .matching
    collection = nil
    call = specializations.beginCall()
    isVerifying = false
  }

  /// Starts anew, against the form called before the one called last, if there is one.
  @usableFromInline
  mutating func matchFormer(_ specializations: borrowing Specializations) {
    if let call { CallState.end(call) }
    call = specializations.beginFormerCall()
  }

  deinit {
    if let call { CallState.end(call) }
  }

  /// Tensors collected so far.
  var nodes: [TensorNode] { collection?.nodes ?? [] }

  /// Ends the walk and hands over the tensors collected; nothing of the walk refers to them then.
  consuming func takeNodes() -> [TensorNode] { nodes }

  /// Reads an argument of a function.
  mutating func readArgument<Tree: TensorTree>(_ tree: Tree) throws {
    collection?.arguments.append((nodes.count, Tree.self))
    try read(tree)
  }

  /// The tensors, by position, of some arguments, by position; those of arguments that are tensors where
  /// none are named.
  func positions(ofArguments chosen: [Int]?) -> [Int] {
    guard let collection else { return [] }
    return collection.arguments.indices.flatMap { index -> Range<Int> in
      let (start, type) = collection.arguments[index]
      guard chosen?.contains(index) ?? (type is any PlainTensor.Type) else { return start..<start }
      let next = index + 1
      return
        start..<(next < collection.arguments.count ? collection.arguments[next].start : nodes.count)
    }
  }

  /// Static values collected so far.
  var statics: [StaticValue] { collection?.statics ?? [] }

  /// The types of values named as ignored so far.
  var ignoredTypes: [ObjectIdentifier] { collection?.ignored ?? [] }

  /// Fails unless all tensors were put in.
  func requireEnd() throws {
    guard let collection, position < collection.nodes.count else { return }
    throw Self.fickleness
  }

  /// Compares a tree with its mirror.
  @usableFromInline
  static func verify<Tree: TensorTree>(_ tree: Tree) throws { try TreeVerification.verify(tree) }

  /// The mistake of a tree that does not visit the same tensors each time.
  private static var fickleness: AdjointError {
    AdjointError(
      .argument, "visitTensors does not visit the same tensors in the same order each time")
  }

  /// Whether there is a form to match against.
  @usableFromInline var isMatching: Bool { call != nil }

  /// Runs the form that was matched, and goes on to put in its results.
  ///
  /// - Returns: the template of the output, which lives as long as the compiled function; nil where
  ///   the tensors and static values do not fit the form.
  @usableFromInline
  mutating func run() throws -> UnsafeRawPointer? {
    guard let call, call.pointee.isComplete else { return nil }
    try call.pointee.run()
    purpose = .placing
    return call.pointee.template
  }

  /// Visits a part.
  ///
  /// - Throws: `AdjointError` where a tree does not visit the same tensors each time.
  @inlinable
  public mutating func visit<Tree: TensorTree>(_ tree: inout Tree) throws {
    try tree.visitTensors(&self)
  }

  /// Visits a value that is no tensor and on which operations depend.
  public mutating func visitStatic(_ value: some Hashable & Sendable) {
    switch purpose {
    case .collecting: collection?.statics.append(StaticValue(value))
    case .matching: call?.pointee.match { $0.isEqual(to: value) }
    case .replacing, .placing: break
    }
  }

  /// Names a value that is no tensor and on which no operation depends, such as a name for
  /// messages: what functions compute stays the same when it changes.
  public mutating func visitIgnored<Value>(_ value: Value) {
    if case .collecting = purpose { collection?.ignored.append(ObjectIdentifier(Value.self)) }
  }

  /// Visits the number of parts of a collection, which is static.
  @usableFromInline
  mutating func visitCount(_ count: Int) {
    switch purpose {
    case .collecting: collection?.statics.append(StaticValue(count: count))
    case .matching: call?.pointee.match { $0.isCount(count) }
    case .replacing, .placing: break
    }
  }

  /// Whether tensors are put in rather than read.
  @usableFromInline
  var isReplacing: Bool {
    switch purpose {
    case .collecting, .matching: false
    case .replacing, .placing: true
    }
  }

  /// Visits a tensor, which may be a copy.
  @usableFromInline
  mutating func visitLeaf(_ node: inout TensorNode) throws {
    if isReplacing { node = try replacement(node.type.element) } else { read(node, isCopy: true) }
  }

  /// Lets `body` read trees that do not live until the function they are read for has run.
  @usableFromInline
  mutating func visitCopies(_ body: (inout TensorVisitor) throws -> Void) rethrows {
    let former = readsCopies
    readsCopies = true
    defer { readsCopies = former }
    try body(&self)
  }

  /// Reads a tensor.
  private mutating func read(_ node: TensorNode, isCopy: Bool) {
    if let call {
      call.pointee.match(node, holding: isCopy)
    } else {
      collection?.nodes.append(node)
    }
  }

  /// Reads the nodes that `count` tensors from `start` on are made of.
  @usableFromInline
  mutating func readLeaves(_ start: UnsafeRawPointer, count: Int) {
    // A tensor is one reference to its node and nothing else, so its memory holds just that. The
    // tensors stay where they are during this call, so nobody needs to retain their nodes.
    let leaves = start.assumingMemoryBound(to: Unmanaged<TensorNode>.self)
    for index in 0..<count {
      leaves[index]._withUnsafeGuaranteedRef { read($0, isCopy: readsCopies) }
    }
  }

  /// The next tensor to put in.
  ///
  /// - Throws: `AdjointError` where there is none or it has other elements.
  @usableFromInline
  mutating func replacement(_ element: ElementType) throws -> TensorNode {
    if let call {
      if let node = call.pointee.takeResult(element) { return node }
    } else if let nodes = collection?.nodes, position < nodes.count,
      nodes[position].type.element == element
    {
      defer { position += 1 }
      return nodes[position]
    }
    throw Self.fickleness
  }
}

/// What only `Tensor` conforms to.
protocol PlainTensor {}

extension Tensor: PlainTensor {}

/// A static value of a tree, as part of a signature.
struct StaticValue: Hashable, @unchecked Sendable {
  /// What the value is; counts are apart because they are compared on every call.
  private enum Content: Hashable {
    /// The number of parts of a collection.
    case count(Int)
    /// Any value; its type is `Sendable`, which `AnyHashable` does not say.
    case other(AnyHashable)
  }

  private let content: Content

  init(_ value: some Hashable & Sendable) { content = .other(AnyHashable(value)) }

  /// The number of parts of a collection.
  init(count: Int) { content = .count(count) }

  /// Whether this is that number of parts of a collection.
  func isCount(_ count: Int) -> Bool {
    if case .count(let own) = content { own == count } else { false }
  }

  /// Whether this is that value, of the same type.
  func isEqual<Value: Hashable>(to value: Value) -> Bool {
    if case .other(let own) = content { own.base as? Value == value } else { false }
  }

  /// Whether this is that value, of the same type.
  func isIdentical(to value: AnyHashable) -> Bool {
    if case .other(let own) = content {
      own == value && type(of: own.base) == type(of: value.base)
    } else {
      false
    }
  }

  /// The value in words.
  var description: String {
    switch content {
    case .count(let count): String(count)
    case .other(let value): String(describing: value.base)
    }
  }
}
