namespace Cria.Chat.Templates;

internal sealed partial class Parser
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private Expression ParseExpression(bool withCondition = true)
    {
        EnterNested();
        Expression value = ParseOr();
        while (withCondition && Current.IsName("if"))
        {
            int line = tokens[position++].Line;
            Expression condition = ParseOr();
            value = new Expression.Conditional(line, condition, value, SkipName("else") ? ParseExpression() : null);
        }

        depth--;
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (Current.IsName("or")) left = new Expression.Or(tokens[position++].Line, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (Current.IsName("and")) left = new Expression.And(tokens[position++].Line, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!Current.IsName("not")) return ParseComparison();
        int line = tokens[position++].Line;
        EnterNested();
        var negation = new Expression.Not(line, ParseNot());
        depth--;
        return negation;
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        List<(string Operator, Expression Right)>? links = null;
        int line = Current.Line;
        while (true)
        {
            string comparison;
            if (Current.Kind == TokenKind.Operator && Array.IndexOf(Comparisons, Current.Text) >= 0) comparison = tokens[position++].Text;
            else if (SkipName("in")) comparison = "in";
            else if (Current.IsName("not") && Next.IsName("in"))
            {
                position += 2;
                comparison = "not in";
            }
            else break;

            (links ??= []).Add((comparison, ParseSum()));
        }

        return links is null ? first : new Expression.Comparison(line, first, links);
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (Current.IsOperator("+") || Current.IsOperator("-"))
        {
            Token token = tokens[position++];
            left = new Expression.Arithmetic(token.Line, token.Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        Expression first = ParseProduct();
        if (!Current.IsOperator("~")) return first;
        int line = Current.Line;
        var parts = new List<Expression> { first };
        while (SkipOperator("~")) parts.Add(ParseProduct());
        return new Expression.Concatenation(line, parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (Current.Kind == TokenKind.Operator && Current.Text is "*" or "/" or "//" or "%")
        {
            Token token = tokens[position++];
            left = new Expression.Arithmetic(token.Line, token.Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary();
        while (Current.IsOperator("**"))
        {
            Token token = tokens[position++];
            left = new Expression.Arithmetic(token.Line, token.Text, left, ParseUnary());
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters = true)
    {
        Expression value;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            Token sign = tokens[position++];
            EnterNested();
            value = new Expression.Sign(sign.Line, sign.Text == "-", ParseUnary(withFilters: false));
            depth--;
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParsePrimary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                position++;
                return token.Text switch
                {
                    "true" or "True" => new Expression.Constant(token.Line, true),
                    "false" or "False" => new Expression.Constant(token.Line, false),
                    "none" or "None" => new Expression.Constant(token.Line, null),
                    _ => ReadVariable(token),
                };
            case TokenKind.String:
                position++;
                int first = position - 1;
                while (Current.Kind == TokenKind.String) position++;
                string text = string.Concat(tokens[first..position].Select(part => part.Text));
                return new Expression.Constant(token.Line, TracedText.Trusted(text));
            case TokenKind.Integer or TokenKind.Float:
                position++;
                return new Expression.Constant(token.Line, token.Value);
            case TokenKind.Operator when token.Text == "(":
                position++;
                Expression inner = ParseTuple(isParenthesized: true);
                ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                position++;
                return new Expression.ListLiteral(token.Line, [.. ParseItems("]")], isTuple: false);
            case TokenKind.Operator when token.Text == "{":
                position++;
                return ParseMap(token.Line);
            default:
                throw Unexpected();
        }
    }

    private Expression.Variable ReadVariable(Token token)
    {
        variablesRead.Add(token.Text);
        return new(token.Line, token.Text);
    }

    private Expression ParseTuple(bool withCondition = true, bool isParenthesized = false)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!IsTupleEnd())
        {
            items.Add(ParseExpression(withCondition));
            if (!SkipOperator(",")) break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !isParenthesized) throw new TemplateException(line, $"expected a value but found {Current.Description}");
        return new Expression.ListLiteral(line, [.. items], isTuple: true);
    }

    private bool IsTupleEnd() => Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Current.IsOperator(")") || Current.IsName("recursive");

    private List<Expression> ParseItems(string close)
    {
        var items = new List<Expression>();
        while (!SkipOperator(close))
        {
            if (items.Count > 0)
            {
                ExpectOperator(",");
                if (SkipOperator(close)) break;
            }

            items.Add(ParseExpression());
        }

        return items;
    }

    private Expression.MapLiteral ParseMap(int line)
    {
        var entries = new List<(Expression Key, Expression Value)>();
        while (!SkipOperator("}"))
        {
            if (entries.Count > 0)
            {
                ExpectOperator(",");
                if (SkipOperator("}")) break;
            }

            Expression key = ParseExpression();
            ExpectOperator(":");
            entries.Add((key, ParseExpression()));
        }

        return new(line, entries);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            Token token = Current;
            if (token.IsOperator("."))
            {
                position++;
                if (Current.Kind == TokenKind.Integer) value = new Expression.Element(token.Line, value, new Expression.Constant(token.Line, tokens[position++].Value));
                else value = new Expression.Attribute(token.Line, value, ExpectAnyName());
            }
            else if (token.IsOperator("["))
            {
                position++;
                value = ParseSubscript(token.Line, value);
            }
            else if (token.IsOperator("("))
            {
                value = ParseCall(token.Line, value);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(int line, Expression value)
    {
        EnterNested();
        var indices = new List<Expression>();
        Expression? start = null;
        bool isSlice = false;
        if (!Current.IsOperator(":")) start = ParseExpression();
        Expression? stop = null, step = null;
        if (SkipOperator(":"))
        {
            isSlice = true;
            if (!Current.IsOperator("]") && !Current.IsOperator(":")) stop = ParseExpression();
            if (SkipOperator(":") && !Current.IsOperator("]")) step = ParseExpression();
        }
        else
        {
            indices.Add(start!);
            while (SkipOperator(",") && !Current.IsOperator("]")) indices.Add(ParseExpression());
        }

        ExpectOperator("]");
        depth--;
        if (isSlice) return new Expression.Slice(line, value, start, stop, step);
        return new Expression.Element(line, value, indices.Count == 1 ? indices[0] : new Expression.ListLiteral(line, [.. indices], isTuple: true));
    }

    private Expression.Call ParseCall(int line, Expression callee) => new(line, callee, ParseArguments());

    private ArgumentList ParseArguments()
    {
        ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        Expression? spread = null, namedSpread = null;
        while (!SkipOperator(")"))
        {
            if (positional.Count + named.Count > 0 || spread is not null || namedSpread is not null)
            {
                ExpectOperator(",");
                if (SkipOperator(")")) break;
            }

            int line = Current.Line;
            if (SkipOperator("*"))
            {
                if (spread is not null || namedSpread is not null) throw new TemplateException(line, "a call takes one '*' before one '**'");
                spread = ParseExpression();
            }
            else if (SkipOperator("**"))
            {
                if (namedSpread is not null) throw new TemplateException(line, "a call takes one '**'");
                namedSpread = ParseExpression();
            }
            else if (Current.Kind == TokenKind.Name && Next.IsOperator("="))
            {
                string name = Current.Text;
                position += 2;
                named.Add((name, ParseExpression()));
            }
            else
            {
                if (named.Count > 0 || spread is not null || namedSpread is not null) throw new TemplateException(line, "a positional argument follows a named one");
                positional.Add(ParseExpression());
            }
        }

        return new([.. positional], [.. named], spread, namedSpread);
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator("|")) value = ParseFilters(value);
            else if (Current.IsName("is")) value = ParseTest(value);
            else if (Current.IsOperator("(")) value = ParseCall(Current.Line, value);
            else return value;
        }
    }

    private Expression ParseFilters(Expression value)
    {
        while (SkipOperator("|")) value = ParseFilter(value);
        return value;
    }

    private Expression.Filter ParseFilter(Expression value)
    {
        int line = Current.Line;
        string name = ExpectAnyName();
        ArgumentList arguments = Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty;
        return new(line, Filters.Find(name) ?? throw new TemplateException(line, $"unknown filter '{name}'"), value, arguments);
    }

    private Expression ParseTest(Expression value)
    {
        int line = tokens[position++].Line;
        bool isNegated = SkipName("not");
        string name = ExpectAnyName();
        ArgumentList arguments = ArgumentList.Empty;
        if (Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if ((Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || Current.IsOperator("[") || Current.IsOperator("{"))
            && !Current.IsName("else") && !Current.IsName("or") && !Current.IsName("and"))
        {
            if (Current.IsName("is")) throw new TemplateException(line, "tests with 'is' cannot be chained");
            arguments = new([ParsePostfix(ParsePrimary())], [], null, null);
        }

        Func<RenderContext, object?, Arguments, bool> test = Tests.Find(name) ?? throw new TemplateException(line, $"unknown test '{name}'");
        var result = new Expression.Test(line, test, value, arguments);
        return isNegated ? new Expression.Not(line, result) : result;
    }
}
