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
  /// An output with placeholders for tensors.
  let template: OutputTemplate
  /// The address of a state that no call uses, or zero.
  private let idleState = Atomic<UInt>(0)

  init(
    _ signature: Signature, _ body: ProgramBody, captures: [TensorNode], template: OutputTemplate
  ) {
    self.signature = signature
    self.body = body
    self.captures = captures
    self.template = template
  }

  deinit {
    let idle = idleState.load(ordering: .acquiring)
    UnsafeMutablePointer<CallState>(bitPattern: idle).map(Self.free)
  }

  /// A state for one call: that of an earlier call unless another thread uses it.
  func takeState() -> UnsafeMutablePointer<CallState> {
    let idle = idleState.exchange(0, ordering: .acquiring)
    if let state = UnsafeMutablePointer<CallState>(bitPattern: idle) { return state }
    let state = UnsafeMutablePointer<CallState>.allocate(capacity: 1)
    state.initialize(to: CallState(for: self))
    return state
  }

  /// Takes back the state of a call that has ended.
  func keep(_ state: UnsafeMutablePointer<CallState>) {
    state.pointee.reset()
    let (isKept, _) = idleState.compareExchange(
      expected: 0, desired: UInt(bitPattern: state), ordering: .releasing)
    if !isKept { Self.free(state) }
  }

  private static func free(_ state: UnsafeMutablePointer<CallState>) {
    state.pointee.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// Runs on known values of the signature's types.
  func call(_ nodes: [TensorNode]) throws -> [TensorNode] { try body.call(nodes + captures) }
}
