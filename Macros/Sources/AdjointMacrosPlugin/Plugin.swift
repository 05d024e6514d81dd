import SwiftCompilerPlugin
import SwiftSyntaxMacros

/// The macros of this package.
@main
struct Plugin: CompilerPlugin {
  /// What the compiler may ask for.
  let providingMacros: [any Macro.Type] = [TensorTreeMacro.self, IgnoredMacro.self]
}
