import {
  bool,
  facet,
  id,
  int,
  many,
  one,
  ref,
  source,
  string,
  text,
  view,
  type DocumentOf,
  type StateOf,
} from '../../index.js';
import type { Domain } from '../domain.js';

const article = source('article', { id: id(), title: string(), published: bool() });
const tag = source('tag', { id: id(), name: string() });
const articleTag = source('article-tag', {
  id: id(),
  articleId: ref(article),
  tagId: ref(tag),
  position: int(),
});

/** Many to many through a source of links, flattened to a list of names. */
export const articles = view('articles', article, { where: { published: true } }, (a) => ({
  title: text(a.title),
  tags: many(articleTag.articleId, { sort: 'position', limit: 100 }, (at) =>
    one(at.tagId, { required: true }, (t) => facet(t.name)),
  ),
}));

const rows = {
  article: [
    { id: 'a1', title: 'Rain', published: true },
    { id: 'a2', title: 'Sun', published: true },
    { id: 'a3', title: 'Draft', published: false },
  ] satisfies StateOf<typeof article>[],
  tag: [
    { id: 't1', name: 'weather' },
    { id: 't2', name: 'news' },
  ] satisfies StateOf<typeof tag>[],
  'article-tag': [
    { id: 'x1', articleId: 'a1', tagId: 't1', position: 2 },
    { id: 'x2', articleId: 'a1', tagId: 't2', position: 1 },
    { id: 'x3', articleId: 'a1', tagId: 'gone', position: 0 },
    { id: 'x4', articleId: 'a3', tagId: 't1', position: 0 },
  ] satisfies StateOf<typeof articleTag>[],
};

const documents: DocumentOf<typeof articles>[] = [
  { id: 'a1', title: 'Rain', tags: ['news', 'weather'] },
  { id: 'a2', title: 'Sun', tags: [] },
];

export const press: Domain = {
  name: 'press',
  sources: [article, tag, articleTag],
  rows,
  views: [{ view: articles, documents }],
};
