internal import TensorIR

/// A function being recorded.
final class Trace: @unchecked Sendable {
}
