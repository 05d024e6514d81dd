import Foundation
import Targets
import TensorIR
import TestSupport
import Testing

@testable import Runtime

/// Kernels and programs that were compiled before.
@Suite struct CodeCacheTests {
  /// Several kernels, two of them alike, with constants and calls of the C library.
  private static let text = """
    func.func @main(%x: tensor<8x4xf32>, %y: tensor<4x4xf32>) -> (tensor<8x4xf32>, tensor<f32>) {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %c = stablehlo.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], \
      [9.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<4x4xf32>
      %p = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] \
        : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
      %t = stablehlo.tanh %p : tensor<8x4xf32>
      %q = stablehlo.dot_general %t, %c, contracting_dims = [1] x [0] \
        : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
      %r = stablehlo.sine %q : tensor<8x4xf32>
      %s = stablehlo.reduce(%r init: %zero) applies stablehlo.add across dimensions = [0, 1] \
        : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
      return %r, %s : tensor<8x4xf32>, tensor<f32>
    }
    """

  private let function: Function
  private let arguments: [Literal]
  private let expected: [Literal]
  private let folder: TemporaryFolder

  init() throws {
    let function = try #require(Module(parsing: Self.text, file: "cache.mlir").entry)
    let arguments = randomArguments(for: function, seed: 5)
    expected = try CodeCache.$current.withValue(nil) {
      try call(Executable(function), arguments)
    }
    (self.function, self.arguments) = (function, arguments)
    folder = try TemporaryFolder()
  }

  private func disk() throws -> DiskCache {
    try #require(DiskCache(directory: folder.path, byteLimit: 1 << 24))
  }

  /// What a process does that has compiled nothing yet: what it computes, and where code came from.
  private func run(_ disk: DiskCache?) throws -> (results: [Literal], counts: CodeCache.Counts) {
    let cache = CodeCache(disk: disk)
    let results = try CodeCache.$current.withValue(cache) {
      let options = CodeOptions()
      let key = ProgramKey(function, transform: "none", options: options)
      #expect((key == nil) == (disk == nil))
      let found = key.flatMap { Executable.cached(under: $0, options: options) }
      return try call(found ?? Executable(function, options: options, key: key), arguments)
    }
    return (results, cache.counts)
  }

  @Test func kernelsAreCompiledOncePerProcess() throws {
    let cache = CodeCache()
    try CodeCache.$current.withValue(cache) {
      #expect(try call(Executable(function), arguments) == expected)
      let first = cache.counts
      #expect(first.compiledKernels >= 2 && first.knownKernels == 0)
      let again = try Executable(function)
      #expect(try call(again, arguments) == expected)
      // The entry is not kept: it is the program's alone.
      #expect(cache.counts.compiledKernels == first.compiledKernels + 1)
      #expect(cache.counts.knownKernels == again.report.functionCount)
    }
  }

  @Test func anotherProcessStartsWarm() throws {
    let cold = try run(disk())
    #expect(cold.results == expected)
    #expect(cold.counts.loadedPrograms == 0 && cold.counts.loadedKernels == 0)
    let warm = try run(disk())
    #expect(warm.results == expected)
    #expect(
      warm.counts
        == CodeCache.Counts(
          compiledKernels: 0, knownKernels: 0, loadedKernels: 0, loadedPrograms: 1))
    // Without the program the kernels are still there.
    for file in folder.files where file.hasSuffix(".program") {
      unlink(folder.path + "/" + file)
    }
    let kernels = try run(disk())
    #expect(kernels.results == expected)
    #expect(kernels.counts.compiledKernels == 1)
    #expect(kernels.counts.loadedKernels == cold.counts.compiledKernels - 1)
  }

  /// A Fourier transform, rows in order and a Cholesky factor are calls of routines, of which a program on
  /// disk keeps the names.
  @Test func programsThatCallRoutinesStartWarm() throws {
    let text = """
      func.func @main(%x: tensor<64xf32>, %k: tensor<40xi32>, %v: tensor<40xf32>, \
      %a: tensor<3x3xf32>) -> (tensor<33xf32>, tensor<40xi32>, tensor<40xf32>, tensor<3x3xf32>) {
        %f = stablehlo.fft %x, type = RFFT, length = [64] \
          : (tensor<64xf32>) -> tensor<33xcomplex<f32>>
        %r = stablehlo.real %f : (tensor<33xcomplex<f32>>) -> tensor<33xf32>
        %s:2 = "stablehlo.sort"(%k, %v) <{dimension = 0 : i64, is_stable = true}> ({
        ^bb0(%p: tensor<i32>, %q: tensor<i32>, %t: tensor<f32>, %u: tensor<f32>):
          %c = stablehlo.compare LT, %p, %q, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          stablehlo.return %c : tensor<i1>
        }) : (tensor<40xi32>, tensor<40xf32>) -> (tensor<40xi32>, tensor<40xf32>)
        %l = stablehlo.cholesky %a, lower = true : tensor<3x3xf32>
        return %r, %s#0, %s#1, %l \
          : tensor<33xf32>, tensor<40xi32>, tensor<40xf32>, tensor<3x3xf32>
      }
      """
    let function = try #require(Module(parsing: text, file: "calls.mlir").entry)
    var arguments = randomArguments(for: function, seed: 7)
    arguments[3] = Literal(
      TensorType([3, 3], .f32), doubles: [4, 1, 0.5, 1, 5, 0.25, 0.5, 0.25, 6])
    var results: [[Literal]] = []
    for loads in [0, 1, 1] {
      let cache = try CodeCache(disk: disk())
      try CodeCache.$current.withValue(cache) {
        let options = CodeOptions()
        let key = try #require(ProgramKey(function, transform: "none", options: options))
        let found = Executable.cached(under: key, options: options)
        results.append(
          try call(found ?? Executable(function, options: options, key: key), arguments))
      }
      #expect(cache.counts.loadedPrograms == loads)
      #expect((cache.counts.compiledKernels == 0) == (loads == 1))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func withoutADiskNothingIsWritten() throws {
    #expect(try run(nil).results == expected)
    #expect(folder.files.isEmpty)
  }

  @Test func keysTellPrograms() throws {
    try CodeCache.$current.withValue(CodeCache(disk: disk())) {
      var options = CodeOptions()
      let key = try #require(ProgramKey(function, transform: "none", options: options))
      #expect(ProgramKey(function, transform: "none", options: options) == key)
      #expect(ProgramKey(function, transform: "gradient([0])", options: options) != key)
      options.threads += 1
      #expect(ProgramKey(function, transform: "none", options: options) == key)
      options.donated = [0]
      #expect(ProgramKey(function, transform: "none", options: options) != key)
      options.donated = []
      options.target = .x86_64v3
      #expect(ProgramKey(function, transform: "none", options: options) != key)
      options.target = .host
      options.isProfiled = true
      #expect(ProgramKey(function, transform: "none", options: options) == nil)
      let text = Self.text.replacingOccurrences(of: "dense<0.0>", with: "dense<1.0>")
      let other = try #require(Module(parsing: text, file: "cache.mlir").entry)
      options.isProfiled = false
      #expect(ProgramKey(other, transform: "none", options: options) != key)
      options.memory.budget = 1 << 20
      #expect(ProgramKey(function, transform: "none", options: options) != key)
      options.memory = MemoryOptions(policy: .save(named: ["a"]))
      #expect(ProgramKey(function, transform: "none", options: options) != key)
    }
  }

  /// What another build, another LLVM, or a process with other settings makes is not found.
  @Test func keysTellOrigins() throws {
    try CodeCache.$current.withValue(CodeCache(disk: disk())) {
      func key(_ change: (inout CodeOrigin) -> Void) throws -> ProgramKey {
        var origin = try #require(CodeOrigin.current)
        change(&origin)
        return try #require(
          ProgramKey(function, transform: "none", options: CodeOptions(), origin: origin))
      }
      let keys = try [
        key { _ in },
        key { $0.build += "1" },
        key { $0.llvm += "1" },
        key { $0.llvmOptions.append("-disable-lsr") },
        key { $0.disabledPasses = ["tile"] },
        key { $0.disabledPasses = ["tile", "strip-mine"] },
        key { $0.rewriteLimit = 0 },
        key { $0.rewriteLimit = 10 },
      ]
      #expect(Set(keys).count == keys.count)
      #expect(keys[0] == ProgramKey(function, transform: "none", options: CodeOptions()))
      #expect(
        ProgramKey(function, transform: "none", options: CodeOptions(), origin: nil) == nil)
    }
  }

  /// As many flips of a bit as `ADJOINT_FLIPS` says give as many right answers; a thousand flips of one entry
  /// are `DiskCacheTests.flippedBits`.
  @Test func flippedBits() throws {
    let count = ProcessInfo.processInfo.environment["ADJOINT_FLIPS"].flatMap { Int($0) } ?? 12
    var random = SplitMix64(seed: 11)
    #expect(try run(disk()).results == expected)
    for round in 0..<count {
      let programs = folder.files.filter { $0.hasSuffix(".program") }
      let kernels = folder.files.filter { $0.hasSuffix(".kernel") }
      #expect(programs.count == 1 && !kernels.isEmpty)
      // A kernel is asked for where the program is not there.
      if round % 2 == 1 { unlink(folder.path + "/" + programs[0]) }
      let name =
        round % 2 == 0 ? programs[0] : kernels[Int(random.next() % UInt64(kernels.count))]
      let path = folder.path + "/" + name
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let place = Int(random.next() % UInt64(bytes.count))
      bytes[place] ^= 1 << UInt8(random.next() % 8)
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(chmod(path, 0o600) == 0)
      let disk = try disk()
      let (results, counts) = try run(disk)
      #expect(results == expected)
      #expect(counts.loadedPrograms == 0 && counts.compiledKernels == (round % 2 == 0 ? 1 : 2))
      #expect(disk.takeNotes() == ["\(path) was not used: its contents are damaged"])
    }
  }

  /// Entries whose checksum is right and whose contents are not a program.
  @Test func entriesThatMeanNothing() throws {
    let disk = try disk()
    _ = try run(disk)
    let name = try #require(folder.files.first { $0.hasSuffix(".program") })
    let key = try #require(digest(name.prefix(64)))
    let whole = try #require(disk.contents(.program, key))
    for contents in [
      [], [1, 2, 3], Array(whole.dropLast()), whole + [0], Array(whole.prefix(200)),
    ] {
      disk.keep(contents, .program, key)
      let (results, counts) = try run(disk)
      #expect(results == expected && counts.loadedPrograms == 0)
      #expect(disk.takeNotes().count == 1)
      #expect(disk.contents(.program, key) == whole)
    }
  }

  private func digest(_ text: Substring) -> Digest? {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: text.count, by: 2) {
      let digits = text.dropFirst(start).prefix(2)
      guard let byte = UInt8(digits, radix: 16) else { return nil }
      bytes.append(byte)
    }
    return Digest(bytes: bytes[...])
  }
}

/// Where the environment puts code on disk.
@Suite struct CachePlaceTests {
  private static let environments: [([String: String], String?, String?)] = [
    ([:], nil, nil),
    (["HOME": "/home/me"], "/home/me/.cache/adjoint/code", "/home/me/Library/Caches/adjoint/code"),
    (
      ["HOME": "/home/me", "XDG_CACHE_HOME": "/caches"], "/caches/adjoint/code",
      "/home/me/Library/Caches/adjoint/code"
    ),
    (["XDG_CACHE_HOME": "/caches"], "/caches/adjoint/code", nil),
    // Folders have whole paths, and what is empty is not there.
    (
      ["HOME": "/home/me", "XDG_CACHE_HOME": "caches"], "/home/me/.cache/adjoint/code",
      "/home/me/Library/Caches/adjoint/code"
    ),
    (
      ["HOME": "/h", "XDG_CACHE_HOME": "", "ADJOINT_CACHE": ""], "/h/.cache/adjoint/code",
      "/h/Library/Caches/adjoint/code"
    ),
    (
      ["HOME": "/h", "ADJOINT_CACHE": "relative"], "/h/.cache/adjoint/code",
      "/h/Library/Caches/adjoint/code"
    ),
    (["HOME": "/h", "XDG_CACHE_HOME": "/c", "ADJOINT_CACHE": "/a/b"], "/a/b", "/a/b"),
    (["HOME": "/h", "XDG_CACHE_HOME": "/c", "ADJOINT_CACHE": "off"], nil, nil),
  ]

  @Test(arguments: environments)
  func folders(environment: [String: String], linux: String?, mac: String?) {
    #expect(CodeCache.Place(environment: environment, isMacOS: false).directory == linux)
    #expect(CodeCache.Place(environment: environment, isMacOS: true).directory == mac)
  }

  @Test(
    arguments: [
      (nil, 256), ("", 256), ("many", 256), ("1.5", 256), ("0", 1), ("-3", 1), ("1", 1),
      ("1000", 1000), ("9000000000000000000", 1 << 20),
    ] as [(String?, Int)])
  func sizes(megabytes: String?, expected: Int) {
    let place = CodeCache.Place(
      environment: megabytes.map { ["ADJOINT_CACHE_MEGABYTES": $0] } ?? [:])
    #expect(place.byteLimit == expected << 20)
  }

  /// The tests run without the user's cache.
  @Test func environmentOfTheProcess() {
    #expect(CodeCache.Place.ofProcess.directory == nil)
    #expect(CodeCache.standard.disk == nil)
  }
}

/// The table of what was used last.
@Suite struct RecencyTableTests {
  @Test func theOneNotUsedForLongestGoes() {
    var table = RecencyTable<Int, String>(limit: 3)
    for number in 0..<3 { table.insert("\(number)", for: number) }
    #expect(table.value(for: 0) == "0")
    table.insert("3", for: 3)
    #expect(table.count == 3)
    #expect(table.value(for: 1) == nil)
    #expect(table.value(for: 0) == "0" && table.value(for: 2) == "2" && table.value(for: 3) == "3")
  }

  @Test func costsAreAddedUp() {
    var table = RecencyTable<Int, Int>(limit: 10)
    table.insert(1, for: 1, cost: 6)
    table.insert(2, for: 2, cost: 4)
    #expect(table.count == 2 && table.cost == 10)
    table.insert(1, for: 1, cost: 7)
    #expect(table.count == 1 && table.cost == 7 && table.value(for: 1) == 1)
    // The last value stays, whatever it costs.
    table.insert(3, for: 3, cost: 100)
    #expect(table.count == 1 && table.value(for: 3) == 3)
  }
}
