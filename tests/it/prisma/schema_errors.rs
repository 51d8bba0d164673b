//! What is said of schemas that cannot be read, and of what is passed over.

use super::parse;

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn errors_name_file_line_and_what_is_wrong() {
    let found: Vec<String> = [
        "model A {\n  id Int @id\n",
        "model A {\n  id\n}",
        "model A {\n  id Int @id\n  id String\n}",
        "model A {\n  id Int\n}\n\nenum A {\n  X\n}",
        "model A {\n  id Int\n  @@id([id, gone])\n}",
        "model A {\n  id Int @map(name)\n}",
        "model A {\n  id Int @map(\"open)\n}",
        "model A {\n  id Int\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int\n}",
        "model A {\n  id Int\n  b B @relation(fields: [id], references: [gone])\n}\nmodel B {\n  id Int\n}",
        "model A {\n  id Int\n  b B @relation(fields: [id])\n}\nmodel B {\n  id Int\n}",
        "\n}\n",
        "model A { id Int }\n",
        "model A\n{\n}",
        "datasource db {\n  provider =\n}",
        "model A {\n  id Int @default(\n}",
        "/* open",
    ]
    .map(refused)
    .to_vec();
    insta::assert_snapshot!(found.join("\n"), @"
    schema.prisma:1: the model A is not closed: its } is missing
    schema.prisma:2: the field id of A has no type
    schema.prisma:3: A has a second id
    schema.prisma:5: A is declared a second time
    schema.prisma:3: @@id names the field gone, which is not there
    schema.prisma:2: @map has no name in quotes
    schema.prisma:2: a text in quotes is not closed
    schema.prisma:3: the relation b refers by the field bId, which A does not have
    schema.prisma:3: the relation b refers to B.gone, which is not there
    schema.prisma:3: the relation b has 1 fields and 0 references
    schema.prisma:2: a } closes nothing
    schema.prisma:1: the model A stands in one line; Prisma wants its } in a later one
    schema.prisma:1: the model A has no { behind its name
    schema.prisma:2: a value is missing
    schema.prisma:2: a ( is not closed
    schema.prisma:1: a /* comment is not closed
    ");
}

#[test]
fn what_is_not_known_is_passed_over_with_a_warning() {
    let schema = parse(
        "extension vector {\n  version = { nested }\n}\n\
         type Id = Int @id\n\
         model A { // a comment\n  id Int @id @sparkling(1)\n  place Place\n  ~ what\n  price Int > 5\n  @@partition(by: { range: [id] })\n}\n\
         policy everyone on A\n\
         enum E {\n  X\n  @@sorted\n}\n",
    )
    .unwrap();
    let warnings: Vec<String> = schema.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"
    schema.prisma:1: `extension ...` is not known and was ignored
    schema.prisma:4: the type alias Id was ignored
    schema.prisma:8: a line that begins neither with a name nor with @@ was ignored
    schema.prisma:8: the rest of a line is not known and was ignored
    schema.prisma:9: the rest of a line is not known and was ignored
    schema.prisma:12: `policy ...` is not known and was ignored
    schema.prisma:6: @sparkling is not known and was ignored
    schema.prisma:7: the type Place of field place is not known; it is kept as it is
    schema.prisma:10: @@partition is not known and was ignored
    schema.prisma:15: @@sorted is not known and was ignored
    ");
    let names: Vec<&str> = schema.models[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["id", "place", "price"]);
    assert_eq!(schema.enums[0].values.len(), 1);
}
