internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Hashes as text: literals of hstore and JSON.
public enum HstoreTexts {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HGETL", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], memberWord: 0, group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of fields named, or of all fields if none are", syntax: "@key [field...]", summary: "Returns a hash, or those of the fields that exist, as an hstore literal.", literal),
        DataCommand("HGETJSON", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of fields named, or of all fields if none are", syntax: "@key [LOOSE] [FIELDS fields=<numfields:i field...>]", summary: "Returns a hash, or those of the fields that exist, as a JSON object (hstore: `hstore_to_json`).", json),
    ]
}

extension HstoreTexts {
    /// `HGETL key [field …]`: a literal, or null if there is no such key.
    static func literal(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let places = arguments.count > 2 ? 2..<arguments.count : nil
        try tell(places, as: .literal, arguments, &context)
    }

    /// `HGETJSON key [LOOSE] [FIELDS numfields field [field …]]`: a JSON object, or null if there
    /// is no such key.
    static func json(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let isLoose = arguments.count > 2 && arguments[2].isWord("LOOSE")
        let index = isLoose ? 3 : 2
        let places = index < arguments.count ? try FieldWords.places(arguments, at: index) : nil
        try tell(places, as: isLoose ? .looseJSON : .json, arguments, &context)
    }

    /// Replies with the fields that the words in `places` name, or with all for nil.
    private static func tell(
        _ places: Range<Int>?,
        as form: HstoreText.Form,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let fields: FieldSelection
        if let places {
            guard let slot = try context.read(context.firstKey(arguments), .hash) else {
                return context.reply.null()
            }
            fields = FieldSelection(of: HashValue(slot), arguments, places, now: context.now)
        } else {
            guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
                return context.reply.null()
            }
            fields = FieldSelection(of: hash, now: context.now)
        }
        let limit = context.limits.stringBytesMax
        guard fields.byteCount <= limit else { throw .tooLong }
        try context.demandRoom(fields.byteCount * 2)
        var text = ByteBuffer()
        try HstoreText.append(fields, as: form, to: &text, limit: limit)
        context.reply.bulk(text.bytes)
    }
}
