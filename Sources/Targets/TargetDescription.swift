/// The processor that loops are planned and code is made for.
///
/// One value decides everything that differs between processors: vector sizes, register tiles and
/// cache blocks when loops are planned, instructions when code is made. Equal descriptions give
/// equal code.
package struct TargetDescription: Hashable, Sendable, CustomStringConvertible {
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
  /// The register tile of matrix products.
  package let registerTile: RegisterTile
  /// The sizes of the caches.
  package let caches: Caches
  /// What the core takes for what is no arithmetic.
  package let costs = Costs()
  /// The features that are on.
  private let enabled: Set<String>

  /// Describes a processor; what planning needs to know follows from the features.
  package init(triple: String, cpu: String, features: String) {
    self.triple = triple
    self.cpu = cpu
    self.features = features
    enabled = Set(
      features.split(separator: ",").filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) })
    let isARM = Self.isARM64(triple)
    let hasAVX512 = enabled.contains("avx512f")
    vectorBits = hasAVX512 ? 512 : enabled.contains("avx2") ? 256 : 128
    registers = isARM || hasAVX512 ? 32 : 16
    registerTile = isARM ? .neon : hasAVX512 ? .avx512 : .avx2
    caches = isARM ? (cpu.hasPrefix("apple") ? .apple : .neoverse) : hasAVX512 ? .avx512 : .avx2
  }

  /// The processor's name.
  package var description: String { cpu }

  /// Whether the processor is an x86-64.
  package var isX86: Bool { triple.hasPrefix("x86_64") }

  /// Whether the processor is a 64-bit ARM.
  package var isARM64: Bool { Self.isARM64(triple) }

  private static func isARM64(_ triple: String) -> Bool {
    triple.hasPrefix("aarch64") || triple.hasPrefix("arm64")
  }

  /// Whether a feature is on, named as LLVM names it: `avx512f`.
  package func has(_ feature: String) -> Bool { enabled.contains(feature) }

  /// Whether a fused multiply-add is one instruction.
  package var hasFMA: Bool { isARM64 || has("fma") || has("avx512f") }

  /// Whether a multiply-add takes one lane of a register for all lanes of a factor.
  package var multipliesByLane: Bool { isARM64 }

  /// How many lanes of `bits` bits a register holds.
  package func lanes(ofBits bits: Int) -> Int { max(1, vectorBits / bits) }

  /// The same processor under the system of `host`, if code for it runs on `host`: then `host` has
  /// all of its features.
  package func running(on host: TargetDescription) -> TargetDescription? {
    guard isX86 == host.isX86, isARM64 == host.isARM64, enabled.isSubset(of: host.enabled)
    else { return nil }
    if triple == host.triple { return self }
    return TargetDescription(triple: host.triple, cpu: cpu, features: features)
  }
}

extension TargetDescription {
  /// How much of a matrix product is kept in registers at a time.
  ///
  /// A tile takes a register for each vector of the product, one for each vector of the right
  /// factor, and what the left factor's elements need: one where an element is spread over a vector
  /// (AVX2, AVX-512), four where multiply-adds take elements of a register (NEON), so that loads
  /// run ahead. At least eight vectors of the product hide the latency of a multiply-add.
  package struct RegisterTile: Hashable, Sendable {
    /// Rows of a tile.
    package let rows: Int
    /// Vectors side by side in a tile.
    package let vectors: Int

    static let avx512 = RegisterTile(rows: 12, vectors: 2)
    static let avx2 = RegisterTile(rows: 6, vectors: 2)
    static let neon = RegisterTile(rows: 8, vectors: 3)
  }

  /// The sizes of the caches of one core, in bytes.
  package struct Caches: Hashable, Sendable {
    /// The first-level data cache.
    package let firstLevel: Int
    /// The second-level cache, or a core's share of it.
    package let secondLevel: Int

    static let avx512 = Caches(firstLevel: 48 << 10, secondLevel: 1 << 20)
    static let avx2 = Caches(firstLevel: 32 << 10, secondLevel: 512 << 10)
    static let neoverse = Caches(firstLevel: 64 << 10, secondLevel: 1 << 20)
    static let apple = Caches(firstLevel: 128 << 10, secondLevel: 3 << 20)
  }

  /// Costs in cycles of one core, which planning weighs against arithmetic.
  package struct Costs: Hashable, Sendable {
    /// The bytes that the core moves to or from memory outside its own caches.
    package let bytesPerCycle = 16.0
    /// The cycles that it takes to start one more kernel.
    package let kernelCycles = 2000.0
  }

  /// The bytes that memory hands over at once.
  package static let lineBytes = 64

  /// The rows of a tile with some vectors side by side, at most as many as the register tile has.
  ///
  /// Narrow tiles have more rows, at most sixteen, and leave as many registers free.
  package func tileRows(vectors: Int) -> Int {
    let free = registers - registerTile.vectors * (registerTile.rows + 1)
    return max(1, min(16, (registers - vectors - free) / vectors))
  }
}

extension TargetDescription {
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
}
