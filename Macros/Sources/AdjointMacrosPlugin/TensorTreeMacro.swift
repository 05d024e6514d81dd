import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Writes `visitTensors` from the members of a declaration.
public struct TensorTreeMacro: ExtensionMacro {
  /// The extension with the conformance.
  public static func expansion(
    of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
    providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
    in context: some MacroExpansionContext
  ) throws -> [ExtensionDeclSyntax] {
    let lines: [String]
    if let structure = declaration.as(StructDeclSyntax.self) {
      lines = try memberVisits(of: structure.memberBlock)
    } else if let enumeration = declaration.as(EnumDeclSyntax.self) {
      lines = caseVisits(of: enumeration)
    } else {
      let name = declaration.asProtocol((any NamedDeclSyntax).self)?.name.text ?? "this"
      throw MacroExpansionErrorMessage(
        "@TensorTree: \(name) is neither a structure nor an enumeration; a tree of tensors must be a"
          + " value")
    }
    let access = declaration.modifiers.contains { ["public", "open"].contains($0.name.text) }
    let body = lines.map { "    " + $0 }.joined(separator: "\n")
    return [
      try ExtensionDeclSyntax(
        """
        extension \(type.trimmed): Adjoint.TensorTree {
          \(raw: access ? "public " : "")mutating func visitTensors(
            _ visitor: inout Adjoint.TensorVisitor
          ) throws {
        \(raw: body)
          }
        }
        """)
    ]
  }

  /// A visit of each stored member of a structure.
  private static func memberVisits(of block: MemberBlockSyntax) throws -> [String] {
    var lines: [String] = []
    for member in block.members {
      guard let variable = member.decl.as(VariableDeclSyntax.self),
        !variable.modifiers.contains(where: { ["static", "lazy"].contains($0.name.text) })
      else { continue }
      let isConstant = variable.bindingSpecifier.text == "let"
      let isIgnored = variable.attributes.contains {
        $0.as(AttributeSyntax.self)?.attributeName.trimmedDescription == "Ignored"
      }
      for binding in variable.bindings where isStored(binding) {
        guard let name = binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.text else {
          throw MacroExpansionErrorMessage("@TensorTree: members need names of their own")
        }
        if isIgnored {
          lines.append("visitor.visitIgnored(self.\(name))")
        } else if isConstant {
          lines.append("visitor.visitStatic(self.\(name))")
        } else {
          lines.append("try visitor.visitMember(&self.\(name))")
        }
      }
    }
    return lines
  }

  /// Whether a member has memory of its own.
  private static func isStored(_ binding: PatternBindingSyntax) -> Bool {
    guard let block = binding.accessorBlock else { return true }
    switch block.accessors {
    case .getter: return false
    case .accessors(let list):
      return list.allSatisfy { ["willSet", "didSet"].contains($0.accessorSpecifier.text) }
    }
  }

  /// A switch over the cases of an enumeration that visits their payloads.
  private static func caseVisits(of enumeration: EnumDeclSyntax) -> [String] {
    let cases = enumeration.memberBlock.members
      .compactMap { $0.decl.as(EnumCaseDeclSyntax.self) }.flatMap(\.elements)
    guard !cases.isEmpty else { return [] }
    var lines = ["switch self {"]
    for element in cases {
      let payload = element.parameterClause?.parameters.map { $0 } ?? []
      let name = element.name.text
      guard !payload.isEmpty else {
        lines += ["case .\(name): visitor.visitStatic(\"\(name)\")"]
        continue
      }
      let names = payload.indices.map { "value\($0)" }
      lines.append("case .\(name)(\(names.map { "var \($0)" }.joined(separator: ", "))):")
      lines.append("  visitor.visitStatic(\"\(name)\")")
      lines += names.map { "  try visitor.visitMember(&\($0))" }
      let arguments = zip(payload, names).map { parameter, name in
        let label = parameter.firstName?.text
        return label == nil || label == "_" ? name : "\(label ?? ""): \(name)"
      }
      lines.append("  self = .\(name)(\(arguments.joined(separator: ", ")))")
    }
    return lines + ["}"]
  }
}

/// A mark that `TensorTreeMacro` looks for.
public struct IgnoredMacro: PeerMacro {
  /// Nothing.
  public static func expansion(
    of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
    in context: some MacroExpansionContext
  ) throws -> [DeclSyntax] { [] }
}
