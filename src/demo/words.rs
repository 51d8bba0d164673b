//! Words that the content is made of.

/// A kind of mod: its content type, what it makes and of what, what that is for, and whether it has a gender.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) content_type: &'static str,
    pub(super) things: &'static [&'static str],
    /// Materials, fabrics or colours; empty where the style says enough.
    pub(super) made_of: &'static [&'static str],
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
        "Bar Stool",
        "Wardrobe",
        "Nightstand",
        "Bench",
        "Vanity",
        "Kitchen Island",
        "Console Table",
    ],
    made_of: &[
        "Walnut", "Oak", "Brass", "Rattan", "Steel", "Ash", "Cherry", "Bamboo", "Pine", "Teak", "Maple", "Birch",
    ],
    places: &["the living room", "the bedroom", "the study", "the dining room", "small kitchens", "a long hallway"],
    has_gender: false,
};
const DECOR: Section = Section {
    content_type: "decor",
    things: &["Wall Mirror", "Vase", "Table Clock", "Picture Frame", "Planter", "Candle Holder", "Fruit Bowl", "Tray"],
    made_of: &["Brass", "Ceramic", "Glass", "Copper", "Oak", "Marble", "Rattan", "Pewter", "Walnut"],
    places: &["the living room", "the bathroom", "a window sill", "the terrace", "the nursery"],
    has_gender: false,
};
const CLOTHING: Section = Section {
    content_type: "clothing",
    things: &["Coat", "Summer Dress", "Jacket", "Cardigan", "Shirt", "Waistcoat", "Scarf", "Overalls", "Trousers"],
    made_of: &["Wool", "Linen", "Cotton", "Velvet", "Denim", "Silk", "Tweed", "Corduroy"],
    places: &["autumn walks", "the office", "parties", "the beach", "cold weather"],
    has_gender: true,
};
const HAIR: Section = Section {
    content_type: "hair",
    things: &["Braided Bun", "Short Bob", "Loose Waves", "Pixie Cut", "Long Ponytail", "Curly Crop"],
    made_of: &["Auburn", "Chestnut", "Silver", "Copper", "Raven", "Honey"],
    places: &["everyday wear", "weddings", "sport", "all ages"],
    has_gender: true,
};
const BUILD: Section = Section {
    content_type: "build",
    things: &[
        "Sash Window",
        "Front Door",
        "Shutters",
        "Garden Fence",
        "Floor Boards",
        "Spiral Stairs",
        "Balcony Railing",
    ],
    made_of: &["Oak", "Pine", "Steel", "Teak", "Walnut", "Ash"],
    places: &["town houses", "cottages", "lofts", "farm houses"],
    has_gender: false,
};
const GAMEPLAY: Section = Section {
    content_type: "gameplay",
    things: &["Career Pack", "Weather Tuning", "Cooking Overhaul", "Pet Traits", "Garden Calendar", "Night Market"],
    made_of: &[],
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
    "A hand-made piece for",
    "Made with care for",
    "A quiet favourite for",
    "New mesh, made from scratch for",
    "An update of an old classic for",
    "Part of a set that grew over a winter, for",
    "Requested by many of you for",
    "Small, light and well-behaved, for",
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
/// What people write with four or five stars.
pub(super) const PRAISE: [&str; 6] = [
    "Fits right into my save, and the colours are spot on.",
    "Lovely texture work. The %T is now in every house I build.",
    "Exactly what I was looking for, thank you!",
    "Simple, light, pretty. Five stars.",
    "Stopped working after the last patch, but the update came within a day.",
    "Downloaded twice by accident and regret nothing.",
];
/// What people write with fewer.
pub(super) const COMPLAINTS: [&str; 5] = [
    "Works, but the darkest swatch looks flat.",
    "Clips through the wall in one corner.",
    "The %T is fine; the thumbnail promises more.",
    "Nice idea. It needs a smaller version.",
    "Too many polygons for what it shows.",
];
