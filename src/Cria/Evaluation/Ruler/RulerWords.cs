namespace Cria.Evaluation.Ruler;

/// <summary>Words of which keys are made: an adjective and a noun. RULER takes them from lists of a Python package; these are our own.</summary>
internal static class RulerWords
{
    /// <summary>Adjectives.</summary>
    public static readonly IReadOnlyList<string> Adjectives = Split("""
        able ample ancient angry arctic autumn awake bald basic bitter blank blunt bold brave brief bright brisk broad broken bronze busy calm careful cheap clean clear clever cloudy coastal cold cosy crisp
        cruel curious damp dark dear deep dense dim distant double dry dull dusty eager early earnest easy elder empty even exact faint fair famous fancy fast fertile fierce final firm flat fluent fond foreign
        fragile frank free fresh frosty full funny gentle giant glad golden grand grave great grey handsome happy hardy harsh hasty heavy hidden high hollow honest humble hungry icy idle inner jolly keen kind
        large late lazy lean light likely little lively local lonely long loose loud low loyal lucky lunar mature mellow merry mild minor misty modern modest moist muddy narrow naval neat noble noisy northern
        novel odd old open outer pale patient plain pleasant polite prime prompt proper proud pure quaint quick quiet rapid rare raw ready remote rich ripe robust rough round royal rural rusty sad safe scarce
        secret severe shallow sharp shiny short shy silent silver simple sincere sleepy slender slow small smooth sober soft solid sour southern spare steady steep stern still stout strange strict strong sturdy
        subtle sudden sunny sweet swift tall tame tender thick thin thirsty tidy tight tiny tired tough tranquil true upper urban useful vague valid vast vivid warm wary weak weary western wet wide wild windy wise
        witty wooden woolly worthy young zealous
        """);

    /// <summary>Nouns.</summary>
    public static readonly IReadOnlyList<string> Nouns = Split("""
        acorn actor alley amber anchor ankle anvil apple apron arch arrow atlas attic autumn badge bagel bakery balcony ballad banjo banner barley barrel basin basket beach beacon beard beaver bell bench berry bicycle
        biscuit blanket blossom boat bonfire bottle boulder branch brick bridge brook broom brush bucket buffalo button cabin cactus camel camera candle canoe canyon captain cargo carpet castle cedar cellar chair
        chalk cherry chimney circle citrus clay cliff clock cloud clover coach cobbler comet compass copper coral cottage cotton cradle crane crater cricket crown crystal cupboard curtain daisy dancer desert diary
        doctor dolphin donkey dragon drawer drum eagle easel echo elbow elephant ember engine envelope falcon farmer feather fence ferry fiddle field flag flame flute forest fossil fountain fox galaxy gallery garden
        garlic gate ginger glacier globe goat goblet grape guitar hammer harbor harvest hat hawk hazel helmet heron hill honey hook horse hotel island ivory jacket jar jewel judge kettle key kitchen kite ladder lagoon
        lake lamp lantern lemon letter library lighthouse lily lion lizard lobster locket lumber magnet mango maple marble market meadow melon meteor mill mirror monkey moss motor mountain museum mustard napkin nest
        needle oak oasis oboe ocean olive onion orchard otter oven owl oyster paddle palace panther paper parade parrot peach pearl pebble pencil pepper piano pillow pine pirate planet plum pocket pond poppy porch
        potter prairie prism pumpkin puppet quarry quartz quilt rabbit raft railway raven reef ribbon river rocket roof rope ruby saddle sailor salmon sandal saucer scarf school seal shelf shell shepherd shovel
        sickle signal silk sketch sled snail soldier spade sparrow spider spoon spruce square stable star statue stove stream sugar summit swan table tailor teapot temple thimble thistle thunder ticket tiger timber
        torch tower tractor trumpet tulip tunnel turtle valley vase velvet village vine violin volcano wagon walnut walrus water wheat wheel whistle willow window wizard wolf yard zebra
        """);

    private static string[] Split(string words) => words.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
