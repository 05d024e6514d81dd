internal import CLLVM

/// The processor that code is made for.
package struct TargetDescription: Hashable, Sendable {
  /// The target triple: architecture, vendor, system.
  package let triple: String
  /// The processor name, as `llc -mcpu` takes it.
  package let cpu: String
  /// The processor features, as `llc -mattr` takes them: `+avx2,+fma`.
  package let features: String
  /// The widest vector register that pays, in bits: 512, 256 or 128.
  package let vectorBits: Int
  /// The number of vector registers: 32 with AVX-512 and NEON, otherwise 16.
  package let registers: Int
  /// The features that are on.
  private let enabled: Set<String>

  /// Describes a processor; vector size and register count follow from the features.
  package init(triple: String, cpu: String, features: String) {
    self.triple = triple
    self.cpu = cpu
    self.features = features
    enabled = Set(
      features.split(separator: ",").filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) })
    let isARM = triple.hasPrefix("aarch64") || triple.hasPrefix("arm64")
    vectorBits = enabled.contains("avx512f") ? 512 : enabled.contains("avx2") ? 256 : 128
    registers = isARM || enabled.contains("avx512f") ? 32 : 16
  }

  /// The machine this process runs on.
  package static let host = TargetDescription(
    triple: takeMessage(LLVMGetDefaultTargetTriple()), cpu: takeMessage(LLVMGetHostCPUName()),
    features: takeMessage(LLVMGetHostCPUFeatures()))

  /// An x86-64 server with AVX2 and FMA but not AVX-512.
  package static let x86_64v3 = TargetDescription(
    triple: "x86_64-unknown-linux-gnu", cpu: "x86-64-v3",
    features: "+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,+popcnt,+sse4.1,+sse4.2")

  /// An x86-64 server with AVX-512.
  package static let x86_64v4 = TargetDescription(
    triple: "x86_64-unknown-linux-gnu", cpu: "x86-64-v4",
    features: x86_64v3.features + ",+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl")

  /// A 64-bit ARM server with NEON.
  package static let aarch64 = TargetDescription(
    triple: "aarch64-unknown-linux-gnu", cpu: "generic", features: "+neon")

  /// A Mac with an Apple M1 or later processor.
  package static let appleM1 = TargetDescription(
    triple: "arm64-apple-macosx15.0.0", cpu: "apple-m1", features: "+neon,+fullfp16")

  /// Whether the processor is an x86-64.
  package var isX86: Bool { triple.hasPrefix("x86_64") }

  /// Whether the processor is a 64-bit ARM.
  package var isARM64: Bool { triple.hasPrefix("aarch64") || triple.hasPrefix("arm64") }

  /// Whether a feature is on, named as LLVM names it: `avx512f`.
  package func has(_ feature: String) -> Bool { enabled.contains(feature) }

  /// Whether a fused multiply-add is one instruction.
  package var hasFMA: Bool { isARM64 || has("fma") || has("avx512f") }

  /// How many lanes of `bits` bits a register holds.
  package func lanes(ofBits bits: Int) -> Int { max(1, vectorBits / bits) }
}
