internal import Synchronization
internal import TensorIR

/// A program, the values behind the function's own arguments, and the state of its calls.
final class CompiledForm: Sendable {
  /// The calls it fits.
  let signature: Signature
  /// What runs.
  let body: ProgramBody
  /// The values of the parameters behind the arguments; known.
  let captures: [TensorNode]
  /// The template of an output with placeholders for tensors.
  let template: AnyTemplate
  /// The address of the state that is handed from call to call; zero while a call has it.
  private let idleState = Atomic<UInt>(0)

  init(
    _ signature: Signature, _ body: ProgramBody, captures: [TensorNode], template: AnyTemplate
  ) {
    self.signature = signature
    self.body = body
    self.captures = captures
    self.template = template
    keep(makeState(isShared: true))
  }

  deinit {
    let idle = idleState.load(ordering: .acquiring)
    UnsafeMutablePointer<CallState>(bitPattern: idle).map(Self.free)
  }

  /// A state for one call: one of its own while another call has the shared one.
  func takeState() -> UnsafeMutablePointer<CallState> {
    let idle = idleState.exchange(0, ordering: .acquiring)
    return UnsafeMutablePointer(bitPattern: idle) ?? makeState(isShared: false)
  }

  /// Takes back the state of a call that has ended.
  func keep(_ state: UnsafeMutablePointer<CallState>) {
    if state.pointee.isShared {
      idleState.store(UInt(bitPattern: state), ordering: .releasing)
    } else {
      Self.free(state)
    }
  }

  private func makeState(isShared: Bool) -> UnsafeMutablePointer<CallState> {
    let state = UnsafeMutablePointer<CallState>.allocate(capacity: 1)
    state.initialize(to: CallState(for: self, isShared: isShared))
    return state
  }

  private static func free(_ state: UnsafeMutablePointer<CallState>) {
    state.pointee.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// Runs on known values of the signature's types.
  func call(_ nodes: [TensorNode]) throws -> [TensorNode] { try body.call(nodes + captures) }

  /// Runs on known values of the signature's types; results take over the memory of donated values
  /// to which `nodes` has the only reference.
  func update(_ nodes: inout [TensorNode]) throws -> [TensorNode] {
    try body.update(&nodes, captures)
  }
}
