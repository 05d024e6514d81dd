internal import Runtime
internal import Targets

/// A processor that code can be made for; the raw value is its name on the command line, after
/// LLVM's.
///
/// Code for any of them can be printed. What runs is code for the processor of this machine, and on
/// x86-64 code for lesser ones.
public enum Processor: String, Hashable, Sendable, CaseIterable {
  /// The processor of this machine.
  case host
  /// An x86-64 server with AVX-512.
  case x86_64v4 = "x86-64-v4"
  /// An x86-64 machine with AVX2 and FMA.
  case x86_64v3 = "x86-64-v3"
  /// A 64-bit ARM server with NEON, under Linux.
  case aarch64
  /// A Mac with an Apple M1 or a later processor.
  case appleM1 = "apple-m1"

  /// The processor's description.
  var target: TargetDescription {
    switch self {
    case .host: CodeOptions().target
    case .x86_64v4: .x86_64v4
    case .x86_64v3: .x86_64v3
    case .aarch64: .aarch64
    case .appleM1: .appleM1
    }
  }
}
