//! Words that the content is made of.

/// A kind of mod: its content type, the things it makes, the rooms or places they are for, and whether they have a gender.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) content_type: &'static str,
    pub(super) things: &'static [&'static str],
    pub(super) places: &'static [&'static str],
    pub(super) has_gender: bool,
}

/// Sections, the common ones more than once.
pub(super) const SECTIONS: [Section; 10] =
    [FURNITURE, FURNITURE, FURNITURE, DECOR, DECOR, CLOTHING, CLOTHING, HAIR, BUILD, GAMEPLAY];

const FURNITURE: Section = Section {
    content_type: "furniture",
    things: &[
        "Floor Lamp",
        "Armchair",
        "Bookshelf",
        "Coffee Table",
        "Sideboard",
        "Bed Frame",
        "Desk",
        "Dining Chair",
        "Sofa",
        "Wardrobe",
        "Nightstand",
        "Bar Stool",
        "Bench",
        "Vanity",
        "Kitchen Island",
    ],
    places: &["living room", "bedroom", "study", "dining room", "kitchen", "hallway"],
    has_gender: false,
};
const DECOR: Section = Section {
    content_type: "decor",
    things: &[
        "Wall Mirror",
        "Rug",
        "Vase",
        "Table Clock",
        "Curtains",
        "Picture Frame",
        "Planter",
        "Candle Set",
        "Cushion",
    ],
    places: &["living room", "bathroom", "bedroom", "terrace", "nursery"],
    has_gender: false,
};
const CLOTHING: Section = Section {
    content_type: "clothing",
    things: &[
        "Wool Coat",
        "Summer Dress",
        "Denim Jacket",
        "Cardigan",
        "Linen Shirt",
        "Ankle Boots",
        "Rain Coat",
        "Overalls",
    ],
    places: &["autumn walks", "the office", "parties", "the beach", "cold weather"],
    has_gender: true,
};
const HAIR: Section = Section {
    content_type: "hair",
    things: &["Braided Bun", "Short Bob", "Loose Waves", "Pixie Cut", "Long Ponytail", "Curly Crop"],
    places: &["everyday wear", "weddings", "sport", "all ages"],
    has_gender: true,
};
const BUILD: Section = Section {
    content_type: "build",
    things: &["Sash Window", "Front Door", "Roof Tiles", "Brick Wall", "Parquet Floor", "Iron Fence", "Spiral Stairs"],
    places: &["town houses", "cottages", "lofts", "farm houses"],
    has_gender: false,
};
const GAMEPLAY: Section = Section {
    content_type: "gameplay",
    things: &["Career Pack", "Weather Tuning", "Cooking Overhaul", "Pet Traits", "Garden Calendar", "Night Market"],
    places: &["long saves", "new households", "challenge runs"],
    has_gender: false,
};

pub(super) const STYLES: [&str; 18] = [
    "Modern",
    "Vintage",
    "Rustic",
    "Minimal",
    "Coastal",
    "Industrial",
    "Scandinavian",
    "Bohemian",
    "Classic",
    "Retro",
    "Art Deco",
    "Mid-Century",
    "Farmhouse",
    "Gothic",
    "Japandi",
    "Cottage",
    "Urban",
    "Tropical",
];
pub(super) const MATERIALS: [&str; 20] = [
    "Walnut", "Oak", "Brass", "Linen", "Velvet", "Marble", "Rattan", "Steel", "Ash", "Leather", "Cotton", "Ceramic",
    "Cherry", "Bamboo", "Copper", "Glass", "Pine", "Concrete", "Wool", "Teak",
];
pub(super) const COLORS: [&str; 22] = [
    "ivory",
    "charcoal",
    "sage",
    "terracotta",
    "navy",
    "blush",
    "ochre",
    "forest",
    "sand",
    "slate",
    "plum",
    "cream",
    "rust",
    "teal",
    "mustard",
    "lilac",
    "graphite",
    "olive",
    "coral",
    "mint",
    "burgundy",
    "pearl",
];
pub(super) const OPENINGS: [&str; 8] = [
    "A hand-made piece for the",
    "Made with care for the",
    "A quiet favourite for the",
    "New mesh, made from scratch for the",
    "An update of an old classic for the",
    "Part of a set that grew over a winter, for the",
    "Requested by many of you for the",
    "Small, light and well-behaved, for the",
];
pub(super) const MIDDLES: [&str; 8] = [
    "It comes in %N swatches and works with the base game.",
    "All %N swatches were painted by hand and match the rest of the set.",
    "There are %N colours, and each has its own thumbnail.",
    "Expect %N variants, three of them with a worn finish.",
    "The download holds %N swatches and a merged file.",
    "Tested with the latest patch in %N different lots.",
    "Found in the catalogue under its section, in %N colours.",
    "Fully recolourable, with %N presets to begin with.",
];
pub(super) const ENDINGS: [&str; 8] = [
    "Please leave a note if something clips or floats.",
    "The polygon count is kept low so that older machines cope.",
    "Shadows and levels of detail are in place.",
    "Credit goes to everyone who tried the early version.",
    "No other mod is required.",
    "It replaces the version from last spring; delete that one first.",
    "Slots are placed so that small clutter sits where it should.",
    "Thank you for five years of kind words.",
];
pub(super) const FIRST_NAMES: [&str; 25] = [
    "Ada", "Bruno", "Chloe", "Daniel", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lena", "Mateo",
    "Nora", "Omar", "Paula", "Quentin", "Rosa", "Samir", "Tilda", "Uma", "Viktor", "Wanda", "Yusuf", "Zoe",
];
pub(super) const LAST_NAMES: [&str; 20] = [
    "Albrecht",
    "Bauer",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fontana",
    "Garcia",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kovacs",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Rossi",
    "Santos",
    "Tanaka",
    "Weber",
];
pub(super) const OPINIONS: [&str; 10] = [
    "Fits right into my save, and the colours are spot on.",
    "Lovely texture work. The %T is now in every house I build.",
    "Works well, but the darkest swatch looks a little flat.",
    "Exactly what I was looking for, thank you!",
    "Clips through the wall in one corner, otherwise perfect.",
    "The %T is good; the thumbnail does not do it justice.",
    "Downloaded twice by accident and regret nothing.",
    "Nice idea. It would be great with a smaller version.",
    "Stopped working after the last patch, then the update fixed it.",
    "Simple, light, pretty. Five stars.",
];
