import CThreads

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
internal import Fusion
internal import LLVMBridge

/// All that decides the code of a program and is the same for all programs of a process.
package struct CodeOrigin: Hashable, Sendable {
  /// The build of the code generator.
  var build: String
  /// The library of LLVM.
  var llvm: String
  /// The options of LLVM's command line.
  var llvmOptions: [String]
  /// The names of passes of the schedule that do not run.
  var disabledPasses: Set<String>
  /// How many rewrites simplification and the schedule may each do; nil for any number.
  var rewriteLimit: Int?

  /// That of this process: nil where its build is not known.
  package static let current: CodeOrigin? = BuildIdentity.name.map {
    CodeOrigin(
      build: $0, llvm: LLVMLibrary.identity, llvmOptions: CodegenOptions.words,
      disabledPasses: ScheduleOptions.environmentDisabled,
      rewriteLimit: ScheduleOptions.environmentLimit)
  }

  /// The origin as text, equal for equal ones.
  var keyText: String {
    [
      build, llvm, "\(llvmOptions)", "\(disabledPasses.sorted())",
      rewriteLimit.map { "\($0)" } ?? "any",
    ].joined(separator: "\n")
  }
}

/// The build of the code generator that runs: what it makes of a program is known for this build only.
enum BuildIdentity {
  /// Names the build; another one has another name. Nil where that is not known, and programs cannot be
  /// kept.
  static let name: String? = {
    guard let path = imagePath else { return nil }
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    #if canImport(Glibc)
      let time = information.st_mtim
    #else
      let time = information.st_mtimespec
    #endif
    return [
      "\(information.st_dev)", "\(information.st_ino)", "\(information.st_size)",
      "\(time.tv_sec).\(time.tv_nsec)",
    ].joined(separator: " ")
  }()

  /// The file that this code was loaded from.
  private static var imagePath: String? {
    #if os(Linux)
      var image = adjoint_image()
      if adjoint_dladdr(#dsohandle, &image) != 0, let path = image.path, path.pointee == 0x2f {
        return String(cString: path)
      }
      // The program itself, whose name is as it was called.
      return "/proc/self/exe"
    #else
      var image = Dl_info()
      guard dladdr(#dsohandle, &image) != 0, let path = image.dli_fname else { return nil }
      return String(cString: path)
    #endif
  }
}
